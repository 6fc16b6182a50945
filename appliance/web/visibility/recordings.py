"""What the tables about recordings hold."""

from __future__ import annotations

from appliance.web.languages import mark
from appliance.web.visibility.sight import Column, Sight, Table, clear

TABLES = (
    Table(
        "recordings",
        mark("Recordings"),
        mark("A row for each recording. The sound is not here, and is erased when the transcript is done."),
        (
            clear("id", mark("A random number for the recording")),
            clear("created_at", mark("When it came")),
            clear("owner_id", mark("Whose it is")),
            clear("workspace_id", mark("The workspace it belongs to instead, by its number")),
            clear("state", mark("Whether it is uploading, waiting, or its sound is erased")),
            clear("mode", mark("Whether it is private")),
            clear("size_bytes", mark("How large the file was; of a private one rounded when it is done")),
            clear("received_chunks", mark("How much of it has arrived, in pieces of 8 MiB"), Sight.NOTHING),
            clear("touched_at", mark("When the last piece came; of a private one, once it is done, when it came")),
            clear("options_json", mark("The chosen language, number of speakers and speech model"), Sight.NOTHING),
            clear("audio_id", mark("A random number for the sound")),
            clear("title_id", mark("A random number for the title")),
            Column("sealed_title", mark("Its title, which is the name of the file"), Sight.APPLIANCE, Sight.OWNER),
            clear("title_version", mark("How often the title was changed")),
        ),
    ),
    Table(
        "jobs",
        mark("Transcriptions"),
        mark("A row for each time a recording is transcribed. Nothing of what is said."),
        (
            clear("id", mark("A random number for the transcription")),
            clear("recording_id", mark("Of which recording")),
            clear("state", mark("Whether it waits, runs, is done, failed or was cancelled")),
            clear("options_json", mark("The chosen language, number of speakers and speech model"), Sight.NOTHING),
            clear(
                "diarize", mark("Whether speakers were to be told apart; of a private one always “yes” when it is done")
            ),
            clear("attempt", mark("How often it was begun")),
            clear("created_at", mark("When it was ordered; of a private one, once it is done, when it ended")),
            clear("started_at", mark("When it began; of a private one, once it is done, when it ended")),
            clear(
                "ended_at",
                mark("When it ended. Sending, waiting and transcribing took no longer than since the recording came"),
            ),
            clear("audio_s", mark("How long the recording is"), Sight.NOTHING),
            clear("seconds_json", mark("How long each step took"), Sight.NOTHING),
            clear("model", mark("Which speech model was used"), Sight.NOTHING),
            clear("error_code", mark("Why it failed, as a code")),
            clear("error_facts_json", mark("Numbers about why it failed, such as a limit that was reached")),
        ),
    ),
    Table(
        "sealed_transcripts",
        mark("Transcripts"),
        mark("Every word, every time and every name of a speaker is inside one sealed document."),
        (
            clear("document_id", mark("A random number for the transcript")),
            clear("recording_id", mark("Of which recording")),
            clear("version", mark("How often it was changed")),
            Column("sealed", mark("What was said, when, and by whom"), Sight.APPLIANCE, Sight.OWNER),
            clear("language", mark("Its language"), Sight.NOTHING),
            clear("speakers", mark("How many speakers were told apart"), Sight.NOTHING),
            clear("created_at", mark("When it was made")),
            clear("changed_at", mark("When it was last changed")),
        ),
    ),
)
