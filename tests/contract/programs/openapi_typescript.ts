// Prints a receipt with the types of openapi-typescript and their client, openapi-fetch.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

declare const process: { argv: string[]; exitCode: number };

type Line = components["schemas"]["Line"];
type Submission = components["schemas"]["Submission"];

const line: Line = { name: "Chleb razowy", quantity: "2", price: "3.50", vat: "5%" };
// @ts-expect-error money is a string
const price: Line = { name: "Chleb razowy", price: 12, vat: "5%" };
// @ts-expect-error a document says its type
const untyped: Submission = { printer: "till1", document: { lines: [line] } };
// @ts-expect-error a misspelt field
const misspelt: Submission = { printer: "till1", document: { type: "receipt", lines: [line], payment: [] } };

async function main(): Promise<void> {
  const client = createClient<paths>({ baseUrl: process.argv[2] as string });
  const { data, error } = await client.PUT("/v1/jobs/{key}", {
    params: { path: { key: "openapi-typescript/2026/1" }, query: { wait: 30 } },
    body: { printer: "till1", document: { type: "receipt", lines: [line] } },
  });
  if (error !== undefined) throw new Error(`${error.code}: ${error.detail}`);
  const again = await client.GET("/v1/jobs/{key}", { params: { path: { key: data.key } } });
  if (again.data === undefined || again.data.document.type !== "receipt") throw new Error("it is not kept");
  console.log(JSON.stringify({ state: data.state, number: data.result?.number, total: again.data.result?.total }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
