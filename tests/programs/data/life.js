"use strict";
// Classes, closures, generators, regular expressions, JSON, typed arrays, BigInt, promises: a bit of each.
class Life {
  #cells;
  constructor(w, h, seed) {
    [this.w, this.h] = [w, h];
    this.#cells = new Uint8Array(w * h).map(() => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16 & 1);
  }
  step() {
    const { w, h } = this, old = this.#cells;
    this.#cells = old.map((cell, i) => {
      const x = i % w, y = Math.floor(i / w);
      let n = 0;
      for (const dy of [-1, 0, 1]) for (const dx of [-1, 0, 1])
        if (dx || dy) n += old[(y + dy + h) % h * w + (x + dx + w) % w];
      return n === 3 || (n === 2 && cell) ? 1 : 0;
    });
  }
  *rows() { for (let y = 0; y < this.h; y++) yield Array.from(this.#cells.subarray(y * this.w, (y + 1) * this.w), c => " #"[c]).join(""); }
}
const life = new Life(40, 12, Number(args[0] ?? 1));
for (let i = 0; i < 60; i++) life.step();
for (const row of life.rows()) print(row.trimEnd());
const fib = n => { let [a, b] = [0n, 1n]; while (n--) [a, b] = [b, a + b]; return a; };
print(fib(300), fib(1000) % 1000000007n, 2n ** 200n);
const words = "the quick brown fox jumps over the lazy dog and the cat".split(/\s+/);
print(JSON.stringify([...words.reduce((m, w) => m.set(w, (m.get(w) ?? 0) + 1), new Map())].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))));
print("2024-02-29, 1999-12-31".replace(/(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)/g, "$<d>.$<m>.$<y>"), "\u00e4\ud83d\ude00".length);
print([0.1 + 0.2, 1e21, 1 / 3, -0, NaN, 5e-324, (25).toString(36), (0.000001234).toExponential(2), Math.hypot(3, 4), Math.atan2(1, -1)].join(" "));
const sieve = n => { const s = new Array(n).fill(true); for (let i = 2; i * i < n; i++) if (s[i]) for (let j = i * i; j < n; j += i) s[j] = false; return s.filter((p, i) => p && i > 1).length; };
print(sieve(100000));
try { null.x; } catch (e) { print(e.name + ": " + e.message); }
Promise.resolve(args).then(a => print("later", a.length, a.join("/")));
(async () => { for (let i = 0; i < 3; i++) print("tick", await Promise.resolve(i)); })();
print(new Proxy({}, { get: (t, k) => `<${String(k)}>` }).hello, Object.entries({ b: 1, a: 2 }).flat().join());
words.length * 3;
