// Light, dark, or what the system says; kept where the browser lets a file keep anything.
(() => {
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = isDark() ? "light" : "dark"; };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  button.setAttribute("aria-label", "switch between light and dark");
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page without storage */ }
    show();
  });
  system.addEventListener("change", show);
  button.hidden = false;
  show();
})();
