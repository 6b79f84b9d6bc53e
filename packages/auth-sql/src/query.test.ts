import fc from "fast-check";
import { runs } from "../../../jest/runs.ts";
import { PARAMETERS, queryProblem, statementOf } from "./query.ts";

describe("a query is refused, in a sentence that says what to do", () => {
  it.each([
    ["select 1 where :authid = 1; drop table users", "leave out the ;"],
    ["select ';' where :authid = 1", "leave out the ;"],
    ["select '\0' where :authid = 1", "no NUL"],
    ["selct * from users where login = :authid", "begins with select or with"],
    ["delete from users where login = :authid", "begins with select or with"],
    ["select * from :authid: where x = :authid", ":authid: with a colon after it"],
    ["select * from users where login = ':authid'", ":authid is in quotes"],
    ['select ":pubkey" from users where login = :authid', ":pubkey is in quotes"],
    ["select `:realm` from users where login = :authid", ":realm is in quotes"],
    ["select * from users where login = :name", "the query has :name, and the parameters are"],
    ["select * from users where login = :Authid", "the query has :Authid"],
    ["select * from users where login = :authid_", "the query has :authid_"],
    ["select * from users where login = 'joe", "a ' in the query has no end"],
    ["select * from users where login = :authid -- or", "no comments"],
    ["select * from users /* all */ where login = :authid", "no comments"],
    ["select * from users where login = $1 or login = :authid", "the query has $1"],
    ["select $a$ text $a$ where login = :authid", "the query has $a$"],
    ["select 'a\\' where login = :authid", "a backslash in quotes"],
    ["select * from users", "expected :authid or :pubkey"],
    ["select * from users where realm = :realm", "expected :authid or :pubkey"],
  ])("%s", (query, why) => {
    expect(queryProblem(query, "pg")).toContain(why);
  });

  it("what one database takes, another may not", () => {
    const query = (part: string): string => `select 1 where ${part} = :authid`;
    expect(queryProblem(query("data ? 'a'"), "pg")).toBeNull();
    expect(queryProblem(query("data ? 'a'"), "mysql2")).toContain("the query has ?");
    expect(queryProblem(query("data ? 'a'"), "sqlite")).toContain("the query has ?");
    expect(queryProblem(query("@name"), "mysql2")).toBeNull();
    expect(queryProblem(query("@name"), "sqlite")).toContain("the query has @name");
    expect(queryProblem(query("a #>> '{b}'"), "pg")).toBeNull();
    expect(queryProblem(query("a # b"), "mysql2")).toContain("no comments");
  });
});

it("a query may have casts, texts with colons and quotes, and each parameter more than once", () => {
  const query = `with a as (select 'it''s 12:30, urn:role' as "a:b") select a::text from a where login = :authid::text and :realm is null or :authid = ''`;
  expect(queryProblem(query, "pg")).toBeNull();
  expect(statementOf(query, "pg")).toEqual({
    text: `with a as (select 'it''s 12:30, urn:role' as "a:b") select a::text from a where login = $1::text and $2 is null or $1 = ''`,
    parameters: ["authid", "realm"],
  });
  expect(statementOf("select * from a where x = :pubkey or y = :authid or z = :pubkey", "mysql2")).toEqual({
    text: "select * from a where x = ? or y = ? or z = ?",
    parameters: ["pubkey", "authid", "pubkey"],
  });
});

it("of a query that is taken, each parameter becomes a place, and all else stays as it is", () => {
  const part = fc.oneof(
    fc.constantFrom(...PARAMETERS.map((name) => `:${name}`), "'", '"', "`", "::", ":", "--", "/*", "#", "\\", "\n"),
    fc.stringMatching(/^[^$?]{0,5}$/),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.constantFrom("pg", "mysql2", "sqlite"), (parts, client) => {
      const query = `select :authid ${parts.join(" ")}`;
      if (queryProblem(query, client) !== null) return;
      const { text, parameters } = statementOf(query, client);
      let n = 0;
      const back = text.replaceAll(client === "pg" ? /\$(\d)/g : /\?/g, (_, number?: string) =>
        client === "pg" ? `:${parameters[Number(number) - 1]}` : `:${parameters[n++]}`,
      );
      expect(back).toBe(query);
    }),
    runs(1000),
  );
});
