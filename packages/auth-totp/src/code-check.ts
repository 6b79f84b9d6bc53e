import { createHash } from "node:crypto";
import { Secret as Seed, TOTP } from "otpauth";
import { Secret } from "@wampgate/core";
import type { Settings } from "./settings.ts";

/** Checks the codes of one seed. Prints do not show the seed. */
export class CodeCheck {
  /** The seed in base32. */
  readonly #seed: Secret<string>;
  readonly settings: Settings;
  /** Whether it is of no principal: no code of it lets a client in. */
  readonly isDecoy: boolean;

  constructor(seed: string, settings: Settings, isDecoy = false) {
    this.#seed = new Secret(seed);
    this.settings = settings;
    this.isDecoy = isDecoy;
  }

  /** The time step that a code belongs to, counted from 1970; null if it is none of now. @param now in milliseconds */
  stepOf(code: string, now: number): number | null {
    // The library compares bytes, and throws where other digits of Unicode are more of them.
    if (!/^[0-9]+$/.test(code)) return null;
    const totp = this.#totp();
    const distance = totp.validate({ token: code, timestamp: now, window: this.settings.window });
    return distance === null ? null : totp.counter({ timestamp: now }) + distance;
  }

  /** The code that an app shows. @param now in milliseconds */
  codeAt(now: number): string {
    return this.#totp().generate({ timestamp: now });
  }

  /** Names the seed, as one of `authid`, without saying what it is. */
  keyFor(authid: string | null): string {
    const { algorithm, digits, period } = this.settings;
    return createHash("sha256")
      .update(JSON.stringify([this.#seed.reveal(), algorithm, digits, period, authid]))
      .digest("base64");
  }

  #totp(): TOTP {
    const { algorithm, digits, period } = this.settings;
    return new TOTP({
      secret: Seed.fromBase32(this.#seed.reveal()),
      algorithm: algorithm.toUpperCase(),
      digits,
      period,
    });
  }
}
