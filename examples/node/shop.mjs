/* A small shop: every sale is printed once, whatever fails in between. Needs Node 18, no package.

shop.mjs sell NAME PRICE VAT               store a sale and print its receipt
shop.mjs resume                            ask about every open sale: whenever your program starts
shop.mjs decide KEY WHO printed NUMBER     undecided: a person has found the receipt
shop.mjs decide KEY WHO not_printed        undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet. */

import {randomUUID} from "node:crypto";
import {closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync} from "node:fs";
import {request} from "node:http";
import {setTimeout as sleep} from "node:timers/promises";

const SOCKET = process.env.FISCALD_SOCKET ?? "/run/fiscald/fiscald.sock";
const SALES = process.env.SHOP_SALES ?? "sales.jsonl"; // the shop's database
const PRINTER = process.env.SHOP_PRINTER ?? "till1";
const WAIT = 3; // seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
const TIMEOUT = Number(process.env.SHOP_TIMEOUT ?? 15); // seconds; more than WAIT
const PAUSES = [0.5, 1, 2, 4]; // seconds before the same question again
const NO_ANSWER = [0, 408, 429, 500, 503]; // the outcome is unknown: ask again with the same key
const FINAL = ["done", "failed", "refused"];

// -- the shop's database: the last line of a key counts ---------------------------------------------------------

/** Returns when the record is on the disk: after a power cut it must be there. */
function store(record) {
  const file = openSync(SALES, "a");
  // The first newline ends what an earlier crash may have left unfinished.
  const data = Buffer.from(`\n${JSON.stringify(record)}\n`);
  if (writeSync(file, data) !== data.length) throw new Error(`cannot store the sale in ${SALES}`);
  fsyncSync(file);
  closeSync(file);
}

/** Every sale by its key. */
function sales() {
  const found = new Map();
  for (const line of existsSync(SALES) ? readFileSync(SALES, "utf8").split("\n") : []) {
    let record;
    try {
      record = JSON.parse(line);
    } catch {
      continue; // unfinished, so never submitted
    }
    found.set(record.key, {...found.get(record.key), ...record});
  }
  return found;
}

// -- fiscald ------------------------------------------------------------------------------------------------------

/** One request: status and answer. The status is 0 if there is no answer, or one that is not fiscald's. */
async function call(method, path, body) {
  const signal = AbortSignal.timeout(TIMEOUT * 1000);
  try {
    return await new Promise((resolve, reject) => {
      const headers = {"Content-Type": "application/json"};
      const sent = request({socketPath: SOCKET, method, path, headers, signal}, async (response) => {
        try {
          let text = "";
          for await (const piece of response.setEncoding("utf8")) text += piece;
          resolve([response.statusCode, JSON.parse(text)]);
        } catch (error) {
          reject(error);
        }
      });
      sent.on("error", reject);
      sent.end(JSON.stringify(body));
    });
  } catch {
    return [0, {}];
  }
}

/** The same request until there is an answer. The key makes that safe: nothing is printed twice. */
async function ask(method, path, body) {
  for (const pause of PAUSES) {
    const [status, answer] = await call(method, path, body);
    if (!NO_ANSWER.includes(status)) return [status, answer];
    console.log("Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.");
    await sleep(pause * 1000);
  }
  return call(method, path, body);
}

/** Asks for a receipt until the answer is final. */
async function submit(key, document) {
  let shown = "";
  for (;;) {
    const path = `/v1/jobs/${encodeURIComponent(key)}?wait=${WAIT}`;
    const [status, answer] = await ask("PUT", path, {printer: PRINTER, document});
    if (!["accepted", "running"].includes(answer.state)) return tell(key, status, answer);
    const waiting = answer.waiting?.detail_pl ?? ""; // no paper, printer off
    if (waiting !== "" && waiting !== shown) {
      console.log(`Czekam: ${waiting}`);
      shown = waiting;
    }
  }
}

/** Shows the cashier what became of the sale, and stores it if it is final. */
function tell(key, status, answer) {
  if (NO_ANSWER.includes(status)) {
    console.log("Wynik nie jest jeszcze znany. Zapytaj później: resume");
    return 6;
  }
  if (status >= 400) {
    console.log(`Odmowa: ${answer.detail_pl}`);
    console.error(answer.detail); // for the developer: which field, and what to send instead
    if (answer.document !== "not_printed") return 6; // this request did nothing, but an earlier one may have printed
    store({key, state: "refused"});
    return 5;
  }
  if (answer.state === "done") {
    const number = answer.result.number;
    store({key, state: "done", number});
    console.log(`Wydrukowano paragon nr ${number}`);
    return 0;
  }
  if (answer.state === "failed") { // the corrected receipt is a new sale with a new key
    store({key, state: "failed"});
    console.log(`Nie wydrukowano: ${answer.error.detail_pl}`);
    return 1;
  }
  // Undecided: the printer itself does not know. Only a person who looks at the paper can say.
  console.log(`Nie wiadomo, czy paragon się wydrukował: ${answer.error.detail_pl}`);
  for (const line of answer.document.lines) {
    console.log(`Szukaj na papierze: ${line.name} ${line.price}, około ${answer.created_at}`);
  }
  console.log(`Jest taki paragon:      decide ${key} KTO printed NUMER`);
  console.log(`Nie ma takiego paragonu: decide ${key} KTO not_printed`);
  return 3;
}

// -- the till -----------------------------------------------------------------------------------------------------

/** One sale. */
async function sell(name, price, vat) {
  const key = `sale-${randomUUID()}`; // made with the sale; an invoice number is as good
  const document = {type: "receipt", lines: [{name, price, vat}]};
  store({key, document}); // before the first request: after a crash, resume asks with this key
  return submit(key, document);
}

/** Asks about every sale that has no final answer; the worst result counts. */
async function resume() {
  let worst = 0;
  for (const [key, sale] of sales()) {
    if (!FINAL.includes(sale.state)) worst = Math.max(worst, await submit(key, sale.document));
  }
  return worst;
}

/** What a person found on the paper of an undecided sale. */
async function decide(key, by, verdict, number) {
  const decision = number === undefined ? {verdict, by} : {verdict, by, number: Number(number)};
  return tell(key, ...(await ask("POST", `/v1/jobs/${encodeURIComponent(key)}/resolution`, decision)));
}

async function main(words) {
  const [verb, first, second, third, fourth] = words;
  if (verb === "sell" && words.length === 4) return sell(first, second, third);
  if (verb === "resume" && words.length === 1) return resume();
  if (verb === "decide" && words.length === 5 && third === "printed" && /^[0-9]+$/.test(fourth)) {
    return decide(first, second, third, fourth);
  }
  if (verb === "decide" && words.length === 4 && third === "not_printed") return decide(first, second, third);
  console.error("sell NAME PRICE VAT | resume | decide KEY WHO printed NUMBER | decide KEY WHO not_printed");
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
