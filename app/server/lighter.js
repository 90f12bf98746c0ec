// The modules of the page come from this server and import no others: the browser's own import does, which can keep what
// it has compiled. Panel's stand-in for it (es-module-shims) reads all of them first, and makes them anew.
window.importShim = (url) => import(new URL(url, document.baseURI).href)
window.importShim.addImportMap = () => {}
// No style sheet says how lines and letters of a figure look (--bk-...): a figure asks for it hundreds of times whenever
// it is laid out or painted, and the browser works out the styles of the whole page for each.
Bokeh.require("core/visuals/visual").VisualProperties.prototype._get_css_value = () => ""
// The page is not greyed while it is made: what is there can be seen, and used.
document.head.append(Object.assign(document.createElement("style"), {
  textContent: "#loader:not(.error) { background: none; pointer-events: none; }",
}))
