/** Fingers, mouse and wheel that move a view: one moves it, two pinch it. */

const LINE_PX = 33;
const WHEEL_ZOOM = 0.0016;

/** @param {HTMLElement} element @param {{pan: (dx: number, dy: number) => void, zoom: (factor: number, x: number, y: number) => void}} does in CSS pixels */
export function watchFingers(element, { pan, zoom }) {
  /** @type {Map<number, {x: number, y: number}>} */ const down = new Map();
  const middle = () => {
    const points = [...down.values()];
    const x = points.reduce((sum, point) => sum + point.x, 0) / points.length;
    const y = points.reduce((sum, point) => sum + point.y, 0) / points.length;
    return { x, y, apart: Math.hypot(points[0].x - x, points[0].y - y) };
  };
  const at = (/** @type {MouseEvent} */ { clientX, clientY }) => {
    const { left, top } = element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  element.addEventListener('pointerdown', (event) => {
    if (down.size >= 2) return;
    element.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
  });
  element.addEventListener('pointermove', (event) => {
    if (!down.has(event.pointerId)) return;
    const before = middle();
    down.set(event.pointerId, at(event));
    const after = middle();
    pan(after.x - before.x, after.y - before.y);
    if (down.size === 2 && before.apart > 0 && after.apart > 0) zoom(after.apart / before.apart, after.x, after.y);
  });
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) element.addEventListener(type, ({ pointerId }) => void down.delete(pointerId));
  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
      const { x, y } = at(event);
      zoom(Math.exp(-event.deltaY * unit * WHEEL_ZOOM), x, y);
    },
    { passive: false },
  );
}
