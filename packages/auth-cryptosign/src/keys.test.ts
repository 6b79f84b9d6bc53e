import { randomBytes, verify } from "node:crypto";
import fc from "fast-check";
import { bind } from "./channel.ts";
import { isSigned, SigningKey, weaknessOf } from "./keys.ts";

const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");

/** The test vectors of the WAMP specification (advanced/authentication, "Test Vectors"): seed, public key, challenge, signatures. */
const CHANNEL = bytes("62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff");
const VECTORS = [
  {
    seed: "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
    publicKey: "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d",
    challenge: "ff".repeat(32),
    alone:
      "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03" +
      "ff".repeat(32),
    bound:
      "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f" +
      "9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00",
  },
  {
    seed: "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
    publicKey: "6ed32739ff04a6074044ff0b0e3bfc7c856bc9d5f1d25efc57363bda0af3a8b0",
    challenge: "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
    alone:
      "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f" +
      "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
    bound:
      "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01" +
      "d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282",
  },
  {
    seed: "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
    publicKey: "28e11f427b82b9a625ee7ac89a7d29326b505f2dc11dd88c1245f83b6da79a85",
    challenge: "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
    alone:
      "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b" +
      "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
    bound:
      "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608" +
      "d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d",
  },
];

describe.each(VECTORS)("the specification's vectors of $publicKey", ({ seed, publicKey, challenge, alone, bound }) => {
  const key = new SigningKey(seed);

  it("are what a key signs, without and with a channel id", () => {
    expect(key.publicKey).toBe(publicKey);
    expect(key.sign(bytes(challenge))).toBe(alone);
    expect(key.sign(bind(bytes(challenge), CHANNEL))).toBe(bound);
  });

  it("are right proofs for their own message alone", () => {
    const [free, tied] = [bytes(challenge), bind(bytes(challenge), CHANNEL)];
    expect(isSigned(alone, [free], [publicKey])).toBe(true);
    expect(isSigned(bound, [tied], [publicKey])).toBe(true);
    expect(isSigned(bound, [free, tied], [publicKey])).toBe(true);
    expect(isSigned(alone, [tied], [publicKey])).toBe(false);
    expect(isSigned(bound, [free], [publicKey])).toBe(false);
  });
});

it("a router's key signs its client's challenge", () => {
  const router = new SigningKey("11".repeat(32));
  expect(router.publicKey).toBe("d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737");
  expect(router.sign(bytes("22".repeat(32)))).toMatch(new RegExp(`^c4b37103.{116}ee03${"22".repeat(32)}$`));
});

describe("a proof", () => {
  const key = new SigningKey("33".repeat(32));
  const message = randomBytes(32);
  const proof = key.sign(message);
  const isRight = (text: string): boolean => isSigned(text, [message], [key.publicKey]);

  it("is 192 hex digits in any case", () => {
    expect(isRight(proof)).toBe(true);
    expect(isRight(proof.toUpperCase())).toBe(true);
  });

  it.each([
    ["empty", ""],
    ["without the message", proof.slice(0, 128)],
    ["too short", proof.slice(2)],
    ["too long", `${proof}00`],
    ["ended by a line break", `${proof}\n`],
    ["with a digit that is none", `${proof.slice(0, -1)}g`],
    ["begun by 0x", `0x${proof.slice(2)}`],
    ["in base64", Buffer.from(proof, "hex").toString("base64")],
    ["of zeros", "0".repeat(192)],
  ])("that is %s is wrong", (_what, text) => {
    expect(isRight(text)).toBe(false);
  });

  it("of another message is wrong, though its signature is right", () => {
    expect(isRight(key.sign(randomBytes(32)))).toBe(false);
    expect(isRight(proof.slice(0, 128) + randomBytes(32).toString("hex"))).toBe(false);
  });

  it("with any bit changed is wrong", () => {
    fc.assert(
      fc.property(fc.nat(96 * 8 - 1), (bit) => {
        const changed = bytes(proof);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        return !isRight(changed.toString("hex"));
      }),
    );
  });

  it("with S + L, the other form of the same signature, is wrong", () => {
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${bytes(proof.slice(64, 128)).reverse().toString("hex")}`) + L;
    const swapped = bytes(s.toString(16).padStart(64, "0")).reverse().toString("hex");
    expect(isRight(proof.slice(0, 64) + swapped + proof.slice(128))).toBe(false);
  });

  it("by one of several keys is right, by none of them wrong", () => {
    const others = ["44", "55"].map((byte) => new SigningKey(byte.repeat(32)).publicKey);
    expect(isSigned(proof, [message], [...others, key.publicKey])).toBe(true);
    expect(isSigned(proof, [message], others)).toBe(false);
    expect(isSigned(proof, [message], [])).toBe(false);
  });

  it("by a key that is no point of the curve is wrong", () => {
    expect(isSigned(proof, [message], [`02${"00".repeat(31)}`])).toBe(false);
  });
});

describe("a weak key", () => {
  const SMALL = [
    `00${"00".repeat(31)}`,
    `01${"00".repeat(31)}`,
    `ec${"ff".repeat(30)}7f`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  ];
  /** The same point with the other x, or another encoding of it. */
  const negated = (key: string): string => {
    const other = bytes(key);
    other[31] = (other[31] ?? 0) ^ 0x80;
    return other.toString("hex");
  };
  const both = SMALL.flatMap((key) => [key, negated(key)]);

  it.each(both)("%s is one for which anybody can sign some messages, or all", (key) => {
    const jwk = { kty: "OKP", crv: "Ed25519", x: bytes(key).toString("base64url") };
    const zero = Buffer.alloc(32);
    const forged = both.map((point) => Buffer.concat([bytes(point), zero]));
    const messages = Array.from({ length: 200 }, (_, i) => Buffer.from([i]));
    const fits = messages.some((message) =>
      forged.some((signature) => verify(null, message, { key: jwk, format: "jwk" }, signature)),
    );
    expect(fits).toBe(true);
    expect(weaknessOf(key)).toMatch(/small order/);
    expect(weaknessOf(key.toUpperCase())).toMatch(/small order/);
  });

  it("is also one that is not canonical, with either sign", () => {
    for (let first = 0xed; first <= 0xff; first++) {
      const key = `${first.toString(16)}${"ff".repeat(30)}7f`;
      expect(weaknessOf(key)).toMatch(/not canonical/);
      expect(weaknessOf(negated(key))).toMatch(/not canonical/);
    }
  });

  it("is never a key that was made from a seed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const { publicKey } = new SigningKey(Buffer.from(seed).toString("hex"));
        return weaknessOf(publicKey) === null && weaknessOf(negated(publicKey)) === null;
      }),
    );
    expect(weaknessOf(`eb${"ff".repeat(30)}7f`)).toBeNull();
  });
});
