// The modules of the page come from this server and import no others: the browser's own import does, which can keep what
// it has compiled. Panel's stand-in for it (es-module-shims) reads all of them first, and makes them anew.
window.importShim = (url) => import(new URL(url, document.baseURI).href)
window.importShim.addImportMap = () => {}
// No style sheet says how lines and letters of a figure look (--bk-...): a figure asks for it hundreds of times whenever
// it is laid out or painted, and the browser works out the styles of the whole page for each.
Bokeh.require("core/visuals/visual").VisualProperties.prototype._get_css_value = () => ""
// Before there is a page, its ground is that of its theme: what the link says, else what was chosen here before, else
// what the system prefers. A dark page is not seen before page.js has made it dark. None is greyed while it is made: what
// is there can be seen, and used.
{
  const kept = () => { try { return localStorage.getItem("synaptogen theme") } catch { return null } }
  const prefers = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "default"
  window.pageIsDark = (new URLSearchParams(location.search).get("theme") ?? kept() ?? prefers) === "dark"
  const style = document.createElement("style")
  style.textContent = `@media screen { html { background: ${window.pageIsDark ? "#14171a" : "#f7f8fa"} !important; } }
#loader:not(.error) { background: none; pointer-events: none; }`
  if (window.pageIsDark) {
    style.textContent += "html:not(.themed) [data-root-id] > * { opacity: 0; } html:not(.themed) body { background: none !important; }"
  }
  document.head.append(style)
}
