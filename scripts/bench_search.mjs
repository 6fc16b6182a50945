// Part f, the browser's half: scans folded text in node, the engine that Chromium has. Reads the words from standard
// input, writes its figures as JSON.
import { readFileSync } from "node:fs";
import { parse } from "../appliance/web/static/js/pure/query.js";
import { prepare, scan } from "../appliance/web/static/js/pure/scan.js";

const { words, queries, hours, words_an_hour: wordsAnHour, runs } = JSON.parse(readFileSync(0, "utf8"));
let state = 1;

/** A number from 0 to 1, the same ones in each run. */
function chance() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** A word, the frequent ones often: the n-th about 1/n as often as the first. */
function word() {
  return words[Math.floor(words.length ** chance()) - 1];
}

function recording(number) {
  const passages = [];
  for (let spoken = 0; spoken < wordsAnHour; ) {
    const length = 5 + Math.floor(chance() * 11);
    const text = `${Array.from({ length }, word).join(" ")}.`;
    passages.push({ start: spoken / 2.5, speaker: `S${1 + (passages.length % 3)}`, text });
    spoken += length;
  }
  const speakers = [1, 2, 3].map((one) => ({ id: `S${one}`, name: `Speaker ${one}` }));
  return { recording: String(number), created_ms: number, title: `Talk ${number}`, language: "en", speakers, passages };
}

/** Milliseconds by the clock, and of the processor, which a busy machine does not stretch. */
function watch(work) {
  const [clock, processor] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(processor);
  return { result, took: [performance.now() - clock, (user + system) / 1000] };
}

const entries = Array.from({ length: hours }, (_, number) => recording(number));
const { result: documents, took: prepared } = watch(() => entries.map(prepare));
const characters = documents.reduce((sum, { folded }) => sum + folded.length, 0);

const scans = {};
for (const query of queries) {
  const asked = parse(query);
  const runsOfIt = Array.from({ length: runs }, () => watch(() => scan(asked, documents).places));
  const both = [0, 1].map((which) => runsOfIt.map(({ took }) => took[which]).sort((one, other) => one - other));
  scans[query] = {
    median_ms: both.map((took) => took[runs >> 1]),
    slowest_ms: both.map((took) => took[runs - 1]),
    places: runsOfIt[0].result,
  };
}
process.stdout.write(JSON.stringify({ characters, prepare_ms: prepared, scans }));
