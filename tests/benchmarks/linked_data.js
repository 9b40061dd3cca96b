/* What both sides of linked.py show, and how both are brushed. */

/** Return columns of numbers that hang together, the same each time, as ensembles have them. @param {number} members @param {number} axes */
export function columnsOf(members, axes) {
  let state = 7;
  const chance = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  const columns = Array.from({ length: axes }, () => new Float64Array(members));
  for (let i = 0; i < members; i += 1) {
    const [a, b] = [chance(), chance() + chance()];
    for (let k = 0; k < axes; k += 1) columns[k][i] = k % 3 === 0 ? a ** (1 + k / 6) + 0.1 * chance() : k % 3 === 1 ? Math.sin(k + 6 * a) + 0.4 * b : b * (1 - a) + 0.3 * chance();
  }
  return columns;
}

/**
 * Return the steps of hands that brush: on each of some axes one draws a range open, drags it along and lets it stand.
 * @param {number} axes @param {number} steps on one axis @returns {{axis: number, low: number, high: number}[]} in parts of the axis
 */
export function stepsOf(axes, steps) {
  return [1, 4, 8, 10].filter((axis) => axis < axes).flatMap((axis) =>
    Array.from({ length: steps }, (_, i) => {
      const half = Math.floor(steps / 2);
      const size = (0.6 * Math.min(i + 1, half)) / half;
      const begin = 0.1 + (i < half ? 0 : (0.25 * (i - half + 1)) / (steps - half));
      return { axis, low: begin, high: begin + size };
    }),
  );
}
