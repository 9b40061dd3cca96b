/** The fields of a job's settings: what one mostly asks for first, the rest folded. Pure. */

import { fieldsOf } from './fields-schema.js';
import { partitionWords } from './launch-words.js';
import { t } from './text.js';

/**
 * @typedef {import('./fields-schema.js').Field} Field
 * @typedef {import('./launch-calls.js').Offers} Offers
 */

const FIRST = {
  batch: ['job.partition', 'job.nodes', 'job.time', 'job.gres', 'job.cpus', 'job.memory', 'job.account'],
  here: ['job.container', 'tiles.size'],
};

export const TILES = '--tiles'; // beside a case's parameter that is called tiles

/** Return the field for how many tiles there are to be. @returns {Field} */
export const tilesField = () => fieldsOf({ properties: { [TILES]: { title: t('launch.tiles-field'), type: 'integer', minimum: 1, description: t('launch.tiles-help') } } })[0];

/** Return the fields of the settings, in two parts; each begins with the value that holds now. @param {Offers} offers @returns {{first: Field[], more: Field[]}} */
export function jobFields(offers) {
  const properties = Object.fromEntries(offers.settings.map(({ key, value, description, schema }) => {
    const [table, name] = key.split('.');
    const title = (table === 'job' ? name : `${table}: ${name}`).replaceAll('_', ' ');
    return [key, { ...schema, title, description, default: value }];
  }));
  const fields = fieldsOf({ properties }).map((field) => (field.key === 'job.partition' ? partitionField(field, offers) : field));
  const wanted = offers.scheduler === 'local' ? FIRST.here : FIRST.batch;
  const first = wanted.flatMap((key) => fields.filter((field) => field.key === key));
  return { first, more: fields.filter((field) => !first.includes(field)) };
}

/** @param {Field} field @param {Offers} offers @returns {Field} */
function partitionField(field, { partitions }) {
  const named = partitions.filter(({ name }) => name !== '');
  if (named.length === 0) return field;
  const usual = named.find((each) => each.default)?.name;
  const none = { value: '', words: usual ? t('launch.site-decides-name', { name: usual }) : t('launch.site-decides') };
  return { ...field, kind: 'choice', choices: [none, ...named.map((each) => ({ value: each.name, words: `${each.name}: ${partitionWords(each)}` }))] };
}
