import { Circuit, type Log, Room, within } from "@wampgate/core";
import type { Block } from "./block.ts";
import { type Answer, type Database, DatabaseError } from "./database.ts";
import type { Parameter, Statement } from "./query.ts";

/** The database is taken to be down. The log has one line for that, and none for each login. */
export class IsDown extends DatabaseError {
  constructor() {
    super("down", "it is down, and was not asked");
  }
}

/** Asks the database of one block. */
export class Caller {
  readonly timeout: number;
  readonly #database: Database;
  readonly #parameters: readonly Parameter[];
  readonly #room: Room;
  readonly #circuit: Circuit;

  constructor(own: Block, { parameters }: Statement, database: Database, log: Pick<Log, "error" | "info">) {
    this.timeout = own.timeout;
    this.#database = database;
    this.#parameters = parameters;
    this.#room = new Room(own.client === "sqlite" ? 1 : own.pool.max);
    this.#circuit = new Circuit((isDown) => {
      if (isDown) log.error({}, "the database is down: logins fail at once, but for one in each second");
      else log.info({}, "the database answers again");
    });
  }

  /** @throws DatabaseError, DeadlineError, or the reason of `parent` */
  async ask(asked: Readonly<Record<Parameter, string | null>>, parent: AbortSignal): Promise<Answer> {
    if (!this.#circuit.mayAsk()) throw new IsDown();
    if (this.#room.isFull) throw new DatabaseError("failed", "too many logins wait for it (pool.max)");
    const values = this.#parameters.map((name) => asked[name]);
    // A client that leaves does not free a connection: its question goes on.
    return within(this.timeout, parent, (signal) => this.#room.enter(signal, () => this.#answer(values)));
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #answer(values: readonly (string | null)[]): Promise<Answer> {
    try {
      const answer = await this.#database.ask(values);
      this.#circuit.succeeded();
      return answer;
    } catch (error) {
      if (error instanceof DatabaseError && error.problem !== "down") this.#circuit.succeeded();
      else this.#circuit.failed();
      throw error;
    }
  }
}
