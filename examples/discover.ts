// A peer that describes its methods, and checks what they are called with. Run: deno run --allow-ffi examples/discover.ts
import { InvalidParamsError, type OpenRPCDocument, RPCPeer, type StandardSchemaV1 } from "@procslink/procslink";

// Validators of zod, valibot, arktype and others can be used as they are. These are by hand, so that nothing has to be installed.
function schema<T>(description: string, jsonSchema: Record<string, unknown>, isRight: (value: unknown) => boolean) {
  return {
    "~standard": {
      version: 1,
      vendor: "example",
      validate: (value) =>
        isRight(value) ? { value: value as T } : { issues: [{ message: `Expected ${description}` }] },
      jsonSchema: { input: () => ({ ...jsonSchema, description }) },
    },
  } satisfies StandardSchemaV1<T>;
}

const title = schema<string>("a title", { type: "string", minLength: 1 }, (value) => {
  return typeof value === "string" && value !== "";
});
const year = schema<number | undefined>("a year", { type: "integer" }, (value) => {
  return value === undefined || Number.isInteger(value);
});

class Library {
  readonly #books: string[] = [];

  add(title: string, year = 1815): number {
    return this.#books.push(`${title} (${year})`);
  }

  find({ word, limit = 10 }: { word: string; limit?: number }): string[] {
    return this.#books.filter((book) => book.includes(word)).slice(0, limit);
  }
}

await using server = new RPCPeer();
server.registerFunctionsInObject(new Library(), {
  methods: {
    add: { summary: "Adds a book, and tells how many there are", schema: { params: [title, year] } },
    find: { summary: "Finds books by a word in their titles" },
  },
});
server.runServerForever();

await using client = new RPCPeer();
const { openrpc, methods } = await client.call<OpenRPCDocument>(server.nlPid, "rpc.discover");
console.log(`OpenRPC ${openrpc}`);
for (const { name, params, summary } of methods) {
  const shown = params.map(({ name, required, schema: { type } }) => `${name}${required ? "" : "?"}: ${type ?? "any"}`);
  console.log(`${name}(${shown.join(", ")}): ${summary}`);
}

console.log("books:", await client.call(server.nlPid, "add", { title: "Emma" }));
try {
  await client.call(server.nlPid, "add", { title: "", year: "long ago" });
} catch (error) {
  if (error instanceof InvalidParamsError) console.log("refused:", error.data);
}
