// Arguments by name, and notifications. Run: deno run --allow-ffi examples/named_parameters.ts
import { InvalidParamsError, RPCPeer } from "@procslink/procslink";

class Library {
  readonly #books: string[] = [];

  /** Called with `{ title, year }` or `[title, year]`: the names are those of the parameters. */
  add(title: string, year = 1815): number {
    return this.#books.push(`${title} (${year})`);
  }

  /** One parameter that is taken apart: it gets the params as they are. */
  find({ word, limit = 10 }: { word: string; limit?: number }): string[] {
    return this.#books.filter((book) => book.includes(word)).slice(0, limit);
  }

  log(line: string): void {
    console.log(`log: ${line}`);
  }
}

await using server = new RPCPeer();
server.registerFunctionsInObject(new Library());
server.addEventListener("trouble", ({ kind, reason }) => console.log(`${kind}: ${reason}`));
server.runServerForever();

await using client = new RPCPeer();
console.log("books:", await client.call(server.nlPid, "add", { year: 1813, title: "Pride and Prejudice" }));
console.log("books:", await client.call(server.nlPid, "add", { title: "Emma" }));
console.log("found:", await client.call(server.nlPid, "find", { word: "Emma" }));

// A name that is none is refused, and the error says what was expected.
try {
  await client.call(server.nlPid, "add", { titel: "Persuasion" });
} catch (error) {
  if (error instanceof InvalidParamsError) console.log("refused:", error.data);
}

// A notification is never answered, not even where it fails. Only the server learns of that.
await client.notify(server.nlPid, "log", ["a line"]);
await client.notify(server.nlPid, "burn", ["all of them"]);

// Several calls in one message; each has its own outcome.
const outcomes = await client.batch(server.nlPid, [
  { method: "add", params: ["Persuasion", 1817] },
  { method: "log", params: { line: "another line" }, notify: true },
  { method: "borrow" },
]);
console.log(
  "batch:",
  outcomes.map((outcome) => outcome.status === "fulfilled" ? outcome.value : outcome.reason.message),
);
