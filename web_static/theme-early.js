// Before the first paint, so that a light wall never flashes dark: why this is not part of theme.js.
{
  const stored = localStorage.getItem('tiledviz.theme');
  if (stored === 'light' || stored === 'contrast') document.documentElement.dataset.theme = stored;
}
