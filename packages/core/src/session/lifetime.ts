import type { RouterHooks } from "../contract/hooks.ts";
import type { Admission, HandshakeReply, Handshakes } from "../contract/handshake.ts";
import type { Log } from "../contract/log.ts";
import type { RealmPort } from "../contract/realm-port.ts";
import type { SessionInfo, SessionRenewal } from "../contract/session-port.ts";
import type { WampgateError } from "../errors/wampgate-error.ts";
import type { Live } from "../settings/live.ts";
import { CloseUri, ErrorUri } from "../wamp/error-uris.ts";
import { earlier, type Expires, moved } from "../wamp/expires.ts";
import type { Expiries, Expiry } from "./expiry.ts";
import { Renewal } from "./renewal.ts";
import type { SessionSettings } from "./settings.ts";

/** Ends the session. */
type Close = (reason: string, message: string, by: "expired" | "router") => void;

type Welcome = Pick<HandshakeReply & { kind: "welcome" }, "info" | "admission">;

/** What the lifetime of a session depends on. */
export interface LifetimeContext {
  readonly handshakes: Handshakes;
  readonly expiries: Expiries;
  readonly settings: Live<SessionSettings>;
  readonly log: Log;
  readonly hooks: RouterHooks;
}

/**
 * How long one session lasts: until its login expires, and no longer than its role allows. A reload and a renewal of the
 * login move that end, and `info.expires` follows.
 */
export class Lifetime {
  /** How the session was let in; null if a tap of the hook `hello` let it in. */
  admission: Admission | null;
  readonly #info: { expires: Expires } & SessionInfo;
  readonly #realm: RealmPort;
  readonly #context: LifetimeContext;
  readonly #joinedAt: number;
  /** When the login expires. */
  #login: Expires;
  #expiry: Expiry | null = null;
  #renewal: Renewal | null = null;
  #close: Close = () => undefined;

  constructor({ info, admission }: Welcome, realm: RealmPort, context: LifetimeContext) {
    this.#info = info;
    this.admission = admission;
    this.#realm = realm;
    this.#context = context;
    this.#joinedAt = context.expiries.now();
    this.#login = info.expires;
    this.#update();
  }

  /** @param close ends the session */
  start(close: Close): void {
    this.#close = close;
    const expire = (): void => close(CloseUri.expired, "the login has expired", "expired");
    this.#expiry = this.#context.expiries.start(this.#info.expires, expire);
  }

  /** The session is over. @param reason for plugins that are still deciding about a renewal */
  end(reason: WampgateError): void {
    this.#expiry?.cancel();
    this.#renewal?.end(reason);
  }

  /** Created at first use: most sessions never renew their login. */
  get renewal(): SessionRenewal {
    const { handshakes, log, settings, hooks } = this.#context;
    return (this.#renewal ??= new Renewal({
      info: this.#info,
      handshakes,
      log,
      timeout: () => settings.now["auth-timeout"],
      admission: () => this.admission,
      renewed: ({ info, admission }) => {
        this.admission = admission;
        this.#login = info.expires;
        this.#update();
        hooks.renewed.call(this.#info);
      },
      failed: (message) => this.#close(ErrorUri.authenticationDenied, message, "router"),
    }));
  }

  /**
   * Follows a reload, after which the session may stay.
   *
   * @param expires when the login of its static principal expires now; undefined if it is not a static one
   * @returns whether its time is over by the new config: then it ends at once
   */
  reloaded(expires: Expires | undefined): boolean {
    const { admission } = this;
    if (expires !== undefined && admission !== null && admission.principal !== null) {
      const { principal } = admission;
      this.#login = moved(this.#login, principal.expires, expires);
      this.admission = { ...admission, principal: { ...principal, expires } };
    }
    this.#update();
    const end = this.#info.expires;
    return end !== null && end <= this.#context.expiries.now();
  }

  #update(): void {
    const longest = this.#realm.maxSessionTime(this.#info.authrole);
    const last = longest === null ? null : Math.ceil(this.#joinedAt + longest / 1000);
    this.#info.expires = earlier(this.#login, last);
    this.#expiry?.move(this.#info.expires);
  }
}
