// @ts-check
/** The transcript in its contract form (schema 1), as appliance/transcript.py defines it. No document. */

/**
 * @typedef {{start: number, end: number, text: string, score: number, timed_by: string}} Word
 * @typedef {{id: number, start: number, end: number, speaker: string | null, text: string, words: Word[]}} Segment
 * @typedef {{start: number, end: number, speaker: string}} SpeakerTurn
 * @typedef {{id: string, name: string}} Speaker
 */

/**
 * @typedef {object} Transcript
 * @property {number} schema
 * @property {string} language
 * @property {number} duration_s
 * @property {Record<string, string>} models
 * @property {string} [model_set] - Name and release of the set; old transcripts have none.
 * @property {Speaker[]} speakers
 * @property {Segment[]} segments
 * @property {SpeakerTurn[]} turns
 */

/**
 * The name of a speaker, or null where there is none.
 * @param {Transcript} transcript
 * @param {string} speakerId
 * @returns {string | null}
 */
export function nameOf(transcript, speakerId) {
  return transcript.speakers.find(({ id }) => id === speakerId)?.name ?? null;
}

/**
 * The same transcript with another name for one speaker.
 * @param {Transcript} transcript
 * @param {string} speakerId
 * @param {string} name
 * @returns {Transcript}
 */
export function renamed(transcript, speakerId, name) {
  const speakers = transcript.speakers.map((speaker) => (speaker.id === speakerId ? { id: speakerId, name } : speaker));
  return { ...transcript, speakers };
}
