// @ts-check
/** Opens one document from standard input and seals its plaintext again under the same key and place; JSON both ways. */
import { readFileSync } from "node:fs";
import { openDocument, sealDocument } from "./formats.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const fileKey = new Uint8Array(Buffer.from(given.file_key, "hex"));
const subject = new Uint8Array(Buffer.from(given.subject, "hex"));
const version = BigInt(given.version);
const sealed = new Uint8Array(Buffer.from(given.sealed, "base64"));
const plaintext = await openDocument(fileKey, sealed, given.kind, subject, version);
const again = await sealDocument(fileKey, given.kind, subject, version, plaintext);
process.stdout.write(JSON.stringify({ sealed: Buffer.from(again).toString("base64") }));
