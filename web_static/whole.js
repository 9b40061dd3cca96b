// Is the page whole? A network that changes while it loads (a VPN, another Wi-Fi) breaks off all that is on its way, and one module that does
// not come leaves an empty page. So it is loaded anew, a few times; then it is said. No module, as it is about those.
{
  const TRIES = 'tiledviz.tries';
  const MOST = 3;
  const FIRST_WAIT_MS = 500;
  const WHOLE_MS = 5000; // after it is loaded; a worker's modules come later
  const OURS = new URL('static/', document.baseURI).href; // what an extension of the browser puts into the page may fail
  const tries = Number(sessionStorage.getItem(TRIES));
  let failed = false;
  const say = () => {
    const words = document.getElementById('incomplete');
    if (words) words.hidden = false;
    words?.querySelector('button')?.addEventListener('click', () => location.reload());
  };
  const fail = () => {
    if (failed) return;
    failed = true;
    if (tries < MOST) {
      sessionStorage.setItem(TRIES, String(tries + 1));
      setTimeout(() => location.reload(), FIRST_WAIT_MS * 2 ** tries);
      return;
    }
    sessionStorage.removeItem(TRIES);
    if (document.readyState === 'loading') addEventListener('DOMContentLoaded', say);
    else say();
  };
  const isPart = (/** @type {EventTarget|null} */ target) =>
    (target instanceof HTMLScriptElement && target.src.startsWith(OURS)) || (target instanceof HTMLLinkElement && target.rel === 'stylesheet' && target.href.startsWith(OURS));
  addEventListener('error', ({ target }) => isPart(target) && fail(), { capture: true });
  addEventListener('incomplete', fail); // the part that draws the wall did not come: connection.js
  addEventListener('load', () => setTimeout(() => failed || sessionStorage.removeItem(TRIES), WHOLE_MS));
}
