import type { StandardIssue, StandardJSONSchema, StandardResult, StandardSchemaV1 } from "../../mod.ts";

/** A validator by hand: of what `validate` returns, a text is what is wrong, and anything else the value. */
export function schemaOf<T = unknown>(
  validate: (value: unknown) => unknown,
  jsonSchema?: StandardJSONSchema["input"],
): StandardSchemaV1<T> {
  const result = (told: unknown) => typeof told === "string" ? { issues: [{ message: told }] } : { value: told as T };
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        const told = validate(value);
        return told instanceof Promise ? told.then(result) : result(told);
      },
      ...(jsonSchema && { jsonSchema: { input: jsonSchema } }),
    },
  };
}

/** A validator that refuses everything, in these words. */
export function refusing(...issues: StandardIssue[]): StandardSchemaV1 {
  const validate = (): StandardResult<unknown> => ({ issues });
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** Takes numbers, and makes them one larger. */
export const larger: StandardSchemaV1<number> = schemaOf<number>((value) =>
  typeof value === "number" ? value + 1 : "A number was expected"
);

/** The same, some turns later. */
export const largerLater: StandardSchemaV1<number> = schemaOf<number>((value) =>
  Promise.resolve(typeof value === "number" ? value + 1 : "A number was expected, later")
);
