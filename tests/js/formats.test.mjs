// @ts-check
/** The vectors of tests/vectors, against the modules that the pages import. */
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { argon2, shipped } from "./shipped.mjs";
import { cases } from "./vector_cases.mjs";

const FOLDER = new URL("../vectors/", import.meta.url);

/** @type {Record<string, any>} */
const vectors = {};
for (const file of readdirSync(FOLDER)) {
  vectors[file.replace(".json", "")] = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
}

for (const { name, run } of cases(vectors, shipped, argon2)) test(name, run);
