/** How many frames of random bytes, and how many changed ones of each sound frame. */
const RANDOM = 2000;
const CHANGED = 20;

/** The longest frame that is changed and cut at many places, in bytes. */
const SHORT = 2000;

/**
 * Frames that anyone may send, always the same ones: random bytes, and sound frames that are changed, cut short, or
 * longer than they say.
 */
export function* hostileFrames(sound: readonly Uint8Array[]): Iterable<Uint8Array> {
  const random = randomFrom(1);
  yield new Uint8Array();
  for (let i = 0; i < 256; i++) yield Uint8Array.of(i);
  for (let i = 0; i < RANDOM; i++) yield Uint8Array.from({ length: random(64) }, () => random(256));
  for (const frame of sound.filter(({ length }) => length <= SHORT)) {
    const step = Math.ceil(frame.length / 50);
    for (let end = 0; end < frame.length; end += step) yield Uint8Array.from(frame.subarray(0, end));
    yield Uint8Array.from([...frame, ...frame]);
    yield Uint8Array.from([...frame, 0]);
    for (let i = 0; i < CHANGED; i++) {
      const changed = Uint8Array.from(frame);
      for (let n = 0; n <= i % 3; n++) changed[random(changed.length)] = random(256);
      yield changed;
    }
  }
}

/** The generator xorshift32: whole numbers below its argument, the same ones in each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
