// Types are checked by `tsc`; this finds what types allow and readers regret.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "pkg", "target", "node_modules", "tests/*/out"] },
  {
    files: ["js/**/*.ts", "tests/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "no-console": "error",
      // `return this.#raise(…)` ends a case and calls in one line.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      // `const { token, ...rest } = options` is how a field is left out.
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  {
    files: ["tests/**/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: ["describe", "test"], package: "node:test" }] },
      ],
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // The wasm throws plain objects, and so do those who play it.
      "@typescript-eslint/only-throw-error": "off",
    },
  },
);
