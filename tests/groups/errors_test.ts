import { assertEquals, assertStringIncludes } from "@std/assert";
import { GroupClosedError, GroupNotFoundError } from "../../src/groups/errors.ts";

Deno.test("a group that was not found says which, of whom, and what helps", () => {
  const byName = new GroupNotFoundError("com.example.paper", "news");
  assertEquals([byName.name, byName.owner, byName.group], ["GroupNotFoundError", "com.example.paper", "news"]);
  assertStringIncludes(byName.message, 'The peer "com.example.paper" has no group "news"');
  assertStringIncludes(byName.message, "{ wait: true }");
  assertStringIncludes(new GroupNotFoundError(42, "news").message, "The peer port 42 has");
});

Deno.test("a group that is closed says which", () => {
  const error = new GroupClosedError("news");
  assertEquals([error.name, error.group, error.message], ["GroupClosedError", "news", 'The group "news" is closed']);
});
