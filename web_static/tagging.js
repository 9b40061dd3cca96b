/** Tags, colours, sorting and groups, put together: menus of the bar, the legend, the dialog, and all of it as commands. */

import { colourMenu } from './colour-menu.js';
import { HUES, useHues } from './hues.js';
import { Legend, legendCommands } from './legend.js';
import { sortCommands, sortMenu } from './sort-menu.js';
import { tagCommands } from './tag-commands.js';
import { TagDialog } from './tag-dialog.js';

/** Take the hues of the theme that is on. */
export function takeHues() {
  const style = getComputedStyle(document.documentElement);
  useHues(HUES.map((_, i) => style.getPropertyValue(`--hue-${i + 1}`).trim()));
}

/**
 * @param {import('./model.js').Model} model @param {import('./palette.js').Palette} palette
 * @returns {{commands: import('./commands.js').Command[], themeChanged: () => void}}
 */
export function tagging(model, palette) {
  takeHues();
  sortMenu(model);
  colourMenu(model);
  const legend = new Legend(model);
  const dialog = new TagDialog(model);
  return {
    commands: [...legendCommands(legend), ...sortCommands(model, palette), ...tagCommands({ model, palette, dialog })],
    themeChanged: () => {
      takeHues();
      legend.refresh();
    },
  };
}
