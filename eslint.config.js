import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['web_static/vendor/', '.venv/', 'build/', 'dist/', 'tests/output/'] },
  js.configs.recommended,
  {
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-lines': ['error', 300],
      'max-lines-per-function': ['error', 110],
      'no-alert': 'error',
      'no-eval': 'error',
      'no-shadow': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  { files: ['web_static/**/*.js'], languageOptions: { globals: { ...globals.browser, ImageDecoder: 'readonly' } } },
  { files: ['web_static/lang/*.js'], rules: { 'max-lines': 'off' } },
  { files: ['web_static/theme-early.js', 'web_static/whole.js'], languageOptions: { sourceType: 'script' } },
  { files: ['tools/*.js', 'tests/browser/*.js', 'tests/end_to_end/*.js', 'tests/session/*.mjs'], languageOptions: { globals: globals.node } },
  // what they hand to the page to run there
  { files: ['tests/end_to_end/*.js'], languageOptions: { globals: { createImageBitmap: 'readonly', OffscreenCanvas: 'readonly' } } },
];
