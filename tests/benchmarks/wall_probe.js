/* global performance */
/**
 * Reads the tiles' codes (tests/benchmarks/player.py) back from where they are drawn, some tiles at a time.
 *
 * A tile is {code, context, x, y, width, height, captured}: the place of its picture there, and what tells when the
 * picture's last part was captured, in seconds since the epoch.
 */
class Probe {
  static SAMPLE = 16;
  static WINDOW_MS = 2000;

  constructor(tiles) {
    Object.assign(this, { tiles, at: 0, begun: -Infinity, sample: [], wrong: 0, read: 0, changes: 0, ms: 0, delays: [] });
  }

  /** Look once: right after a drawing, or often. */
  look() {
    const now = performance.now();
    if (now > this.begun + Probe.WINDOW_MS) this.next(now);
    for (const one of this.sample) {
      const phase = this.phaseOf(one.tile);
      this.read += 1;
      if (phase === null) this.wrong += 1;
      else this.take(one, phase, now);
    }
  }

  take(one, phase, now) {
    if (one.phase !== undefined && phase !== one.phase) {
      one.changes += 1;
      const captured = one.tile.captured?.();
      if (captured) this.delays.push(performance.timeOrigin + performance.now() - captured * 1000);
    }
    one.phase = phase;
    one.first ??= now;
    one.last = now;
  }

  /** Return the phase of the picture that is there; null if that is not this tile's, or none at all. */
  phaseOf({ code, context, x, y, width, height }) {
    const digits = [];
    for (let block = 0; block < 8; block += 1) {
      const [u, v] = [(1 + (block % 4)) / 8, (1 + Math.floor(block / 4)) / 6];
      const { data } = context.getImageData(Math.floor(x + u * width), Math.floor(y + v * height), 1, 1);
      digits.push(Math.round((data[1] - 40) / 65));
    }
    const check = digits.slice(0, 7).reduce((sum, digit) => sum + digit, 0) & 3;
    const tile = digits.slice(2, 7).reduce((sum, digit) => sum * 4 + digit, 0);
    return check === digits[7] && tile === (code & 1023) ? digits[0] * 4 + digits[1] : null;
  }

  /** Go on to other tiles. */
  next(now) {
    this.end();
    this.begun = now;
    const count = Math.min(Probe.SAMPLE, this.tiles.length);
    this.sample = Array.from({ length: count }, (_, i) => ({ changes: 0, tile: this.tiles[(this.at + i * 61) % this.tiles.length] }));
    this.at += count * 61;
  }

  end() {
    for (const { changes, first, last } of this.sample) {
      this.changes += changes;
      this.ms += (last ?? 0) - (first ?? 0);
    }
    this.sample = [];
  }

  result() {
    this.end();
    const { changes, ms, wrong, read, delays } = this;
    return { fps: ms > 0 ? (changes * 1000) / ms : 0, wrong, read, delays };
  }
}

globalThis.Probe = Probe;
