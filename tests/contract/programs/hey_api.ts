// Prints a receipt with the client that @hey-api/openapi-ts makes.
import { job, submit } from "./client";
import { client } from "./client/client.gen";
import type { Line, Submission } from "./client";

declare const process: { argv: string[]; exitCode: number };

const line: Line = { name: "Chleb razowy", quantity: 2, price: "3.50", vat: "5%" };
// @ts-expect-error money is a string
const price: Line = { name: "Chleb razowy", price: 12, vat: "5%" };
// @ts-expect-error a document says its type
const untyped: Submission = { printer: "till1", document: { lines: [line] } };

async function main(): Promise<void> {
  client.setConfig({ baseUrl: process.argv[2] as string });
  const { data, error } = await submit({
    path: { key: "hey-api/2026/1" },
    query: { wait: 30 },
    body: { printer: "till1", document: { type: "receipt", lines: [line] } },
  });
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail}`);
  const again = await job({ path: { key: data.key } });
  if (again.data?.document.type !== "receipt") throw new Error("it is not kept");
  console.log(JSON.stringify({ state: data.state, number: data.result?.number, total: again.data.result?.total }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
