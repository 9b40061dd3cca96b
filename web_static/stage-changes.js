/** What the stage follows: the model, the session's document, the page. Which of it is a matter of where tiles are, and which of how they look. */

/** What moves or turns pictures. */
const LAYOUT = /^layout\/|^tile\/\d+\/rotation$/;
/** What one tile looks like, by its id. */
const OF_TILE = /^(?:tile|tags|drawing|note)\/(\d+)(?:\/|$)/;
/** What many tiles look like. */
const OF_ALL = /^colour$|^tag\/|^person\/[^/]*\/(?:selection|filter)$/;

/**
 * Return what a change of the document means for the stage. Pure.
 * @param {Iterable<string>} paths @returns {{layout: boolean, tiles: number[]|'all'}}
 */
export function meaningOf(paths) {
  let layout = false;
  let all = false;
  const tiles = new Set();
  for (const path of paths) {
    layout ||= path === '' || LAYOUT.test(path);
    all ||= path === '' || OF_ALL.test(path);
    const found = OF_TILE.exec(path);
    if (found) tiles.add(Number(found[1]));
  }
  return { layout, tiles: all ? 'all' : [...tiles] };
}

/** Return whether tags may have changed, whose numbers tiles may stand by. @param {Set<string>} paths */
const tagged = (paths) => paths.has('') || [...paths].some((path) => path.startsWith('tags/'));

/** @param {import('./stage.js').Stage} stage */
export function watchChanges(stage) {
  const { model } = stage;
  for (const type of ['wall', 'order', 'sizes']) model.addEventListener(type, () => stage.layoutSoon());
  model.addEventListener('said', () => stage.layout.scatter && stage.layoutSoon()); // they stand where their values are
  model.addEventListener('matches', () => stage.refreshSoon('all'));
  let { focus } = model;
  model.addEventListener('focus', () => {
    stage.refreshSoon([focus, model.focus].filter((id) => id !== null));
    focus = model.focus;
  });
  for (const type of ['tiles', 'chosen']) {
    model.addEventListener(type, (event) => {
      const { detail: ids } = /** @type {CustomEvent<number[]>} */ (event);
      if (ids.length === 0) return;
      stage.refreshSoon(ids);
      stage.demandSoon();
    });
  }
  model.room.addEventListener('change', (event) => {
    const { detail: paths } = /** @type {CustomEvent<Set<string>>} */ (event);
    const { layout, tiles } = meaningOf(paths);
    if (layout || (stage.layout.scatter && tagged(paths))) stage.layoutSoon();
    if (tiles === 'all' || tiles.length > 0) stage.refreshSoon(tiles);
  });
  document.addEventListener('visibilitychange', () => stage.demandSoon(0));
}

/** Call `changed` when a zoomed page or another screen has another number of device pixels: only a media query tells. @param {() => void} changed */
export function watchRatio(changed) {
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
    'change',
    () => {
      changed();
      watchRatio(changed);
    },
    { once: true },
  );
}
