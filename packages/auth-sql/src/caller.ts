import { Circuit, DeadlineError, type Log, Room, within } from "@wampgate/core";
import type { Block } from "./block.ts";
import { type Answer, type Database, DatabaseError, type Values } from "./database.ts";
import type { Parameter, Statement } from "./query.ts";

/** The database is taken to be down. The log has one line for that, and none for each login. */
export class IsDown extends DatabaseError {
  constructor() {
    super("down", "it is down, and was not asked");
  }
}

interface Question {
  readonly values: Values;
  /** Its login did not wait for the answer: that has been counted. */
  isLate: boolean;
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
    const question: Question = { values: this.#parameters.map((name) => asked[name]), isLate: false };
    try {
      // A client that leaves does not free a connection: its question goes on.
      return await within(this.timeout, parent, (signal) => this.#room.enter(signal, () => this.#answer(question)));
    } catch (error) {
      if (error instanceof DeadlineError && !parent.aborted) {
        question.isLate = true;
        this.#circuit.failed();
      }
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #answer(question: Question): Promise<Answer> {
    try {
      const answer = await this.#database.ask(question.values);
      if (!question.isLate) this.#circuit.succeeded();
      return answer;
    } catch (error) {
      const isDown = !(error instanceof DatabaseError) || error.problem === "down";
      if (!question.isLate && isDown) this.#circuit.failed();
      else if (!isDown) this.#circuit.succeeded();
      throw error;
    }
  }
}
