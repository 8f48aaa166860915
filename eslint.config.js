import js from "@eslint/js";
import globals from "globals";

const modes = ["analogy", "browse", "generation", "photos", "sketch", "translate"];

export default [
  { ignores: ["clients/", "**/.*/"] },
  js.configs.recommended,
  {
    files: ["service/web/**/*.js"],
    languageOptions: { globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "max-len": ["error", { code: 110, ignoreTemplateLiterals: true }],
      "no-else-return": "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    // The modes use the shell. In the shell only main.js, the composition root, knows the modes.
    files: ["service/web/shell/**/*.js"],
    ignores: ["service/web/shell/main.js"],
    rules: { "no-restricted-imports": ["error", { patterns: modes.map((mode) => `**/${mode}/*`) }] },
  },
];
