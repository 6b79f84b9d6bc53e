/** The packages by which a block may speak to its database. */
export const CLIENTS = ["pg", "mysql2", "sqlite"] as const;
export type Client = (typeof CLIENTS)[number];

/** What a query may ask of a login. All are bound: texts, or null. */
export const PARAMETERS = ["authid", "realm", "authmethod", "pubkey"] as const;
export type Parameter = (typeof PARAMETERS)[number];

/** A query as the client's package takes it. */
export interface Statement {
  /** With `$1` for pg, and `?` for the others. */
  readonly text: string;
  /** The parameters in the order of their places. */
  readonly parameters: readonly Parameter[];
}

/** The parts of a query that matter; all else is the database's to judge. */
const PART =
  /(?<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(?<open>['"`])|(?<comment>--|\/\*)|::|:(?<name>[A-Za-z_]\w*)(?<colon>:(?!:))?|(?<place>\$\w*\$|[$@]\w+|\?)|(?<hash>#)/g;

type Part = Partial<Record<"quoted" | "open" | "comment" | "name" | "colon" | "place" | "hash", string>>;

/** What is wrong with a query, in a sentence; null if nothing is that shows without the database. */
export function queryProblem(text: string, client: Client): string | null {
  if (text.includes(";")) return "a query is one statement: leave out the ;";
  if (text.includes("\0")) return "a query has no NUL";
  if (!/^\s*(?:select|with)\b/i.test(text)) return "expected a query that begins with select or with";
  const names: string[] = [];
  for (const { groups } of text.matchAll(PART)) {
    const part = groups as Part;
    const problem = partProblem(part, client);
    if (problem !== null) return problem;
    if (part.name !== undefined) names.push(part.name);
  }
  if (names.includes("authid") || names.includes("pubkey")) return null;
  return "expected :authid or :pubkey in the query: without them it finds the same row for every client";
}

function partProblem({ quoted, open, comment, name, colon, place, hash }: Part, client: Client): string | null {
  if (quoted !== undefined) return quotedProblem(quoted);
  if (open !== undefined) return `a ${open} in the query has no end`;
  if (comment !== undefined || (hash !== undefined && client === "mysql2"))
    return "a query has no comments: write them in the config, outside of it";
  if (place !== undefined && !isOwn(place, client))
    return `the query has ${place}: parameters are written :authid, :realm, :authmethod and :pubkey`;
  if (name === undefined) return null;
  if (colon !== undefined)
    return `the query has :${name}: with a colon after it: a parameter is a value, never the name of a table or column`;
  return isParameter(name)
    ? null
    : `the query has :${name}, and the parameters are :authid, :realm, :authmethod and :pubkey`;
}

/** A parameter in quotes would be a text; a backslash in them means something else to each database. */
function quotedProblem(quoted: string): string | null {
  if (quoted.includes("\\")) return "a backslash in quotes means something else to each database: leave it out";
  const [, name] = /:(authid|realm|authmethod|pubkey)\b/.exec(quoted) ?? [];
  return name === undefined ? null : `:${name} is in quotes, and would be a text: leave the quotes out`;
}

/** What means something else to this database: variables of MySQL, operators of PostgreSQL. */
function isOwn(place: string, client: Client): boolean {
  return (client === "mysql2" && place.startsWith("@")) || (client === "pg" && /^[?@]/.test(place));
}

function isParameter(name: string): name is Parameter {
  return PARAMETERS.some((known) => known === name);
}

/** A query without a `queryProblem`, as the client's package takes it. */
export function statementOf(query: string, client: Client): Statement {
  const parameters: Parameter[] = [];
  const text = query.replaceAll(PART, (found: string, ...rest: unknown[]) => {
    const { name } = rest.at(-1) as Part;
    if (name === undefined || !isParameter(name)) return found;
    if (client !== "pg") {
      parameters.push(name);
      return "?";
    }
    // PostgreSQL infers one type for all places of a parameter.
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  });
  return { text, parameters };
}
