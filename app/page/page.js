// What the page needs of the browser beside its components; run once, when the document is there.

const models = () => Bokeh.documents.flatMap((document) => [...document.all_models])
const page = models().find((model) => model.class_name === "Page")

// In a window narrower than this the sidebar is a drawer over the page, so it is closed.
if (window.innerWidth < 600 && page) { page.data.sidebar_open = false }

// Light or dark: lighter.js has said which, before there was a page.
const keep = (theme) => { try { localStorage.setItem("synaptogen theme", theme) } catch { /* without storage it is not kept */ } }
// Of a dark page the pictures are painted light for the paper, at once: a printer does not wait for another theme.
const ON_SCREEN = Object.fromEntries(Object.entries(ON_PAPER).map(([dark, light]) => [light, dark]))
const shades = new Map() // of the colour mappers, on the screen
const recolor = (colors) => {
  for (const figure of models().filter((model) => model.type === "Figure")) {
    const view = Bokeh.index.find_one_by_id(figure.id)
    if (!view?.el.checkVisibility({visibilityProperty: true})) { continue }
    const drawn = view.computed_renderer_views.filter(({glyph}) => glyph)
    const glyphs = new Set(drawn.map(({glyph}) => glyph.model)) // told of a change, they would draw nothing until later
    for (const model of figure.references()) {
      if (model.palette && model.tags.length) { // shaded fields: light on paper, then as before
        const palette = shades.get(model) ?? model.tags[0]
        if (!shades.delete(model)) { shades.set(model, model.palette) }
        model.setv({palette}, {sync: false})
      }
      const painted = Object.entries(model.attributes).filter(([name]) => name.endsWith("color"))
      const other = painted.map(([name, value]) => [name, colors[value?.value ?? value]]).filter(([, color]) => color)
      if (other.length) { model.setv(Object.fromEntries(other), {sync: false, silent: glyphs.has(model)}) }
    }
    for (const renderer of drawn) { renderer.set_visuals() }
    view.request_repaint()
    view.paint()
  }
}
// Words and what is behind them change together, at once. The component set goes through all models between the one and
// the other: words were white on white for as long as that took.
const [atOnce, inPage] = [1, 2].map(() => document.createElement("style"))
const paint = () => {
  const {ground, surface, words, primary} = SCHEMES[Number(page.data.dark_theme)]
  const panel = {"background-color": ground, "surface-color": surface, "on-background-color": words, "on-surface-color": words, "primary-color": primary}
  const rules = Object.entries(panel).map(([name, color]) => `--panel-${name}: ${color} !important;`).join(" ")
  atOnce.textContent = `@media screen { :root { ${rules} } :root, body { background: ${ground} !important; } }`
  inPage.textContent = `@media screen { .main, .MuiDrawer-paper { background: ${surface} !important; } .page, .page > *, .MuiDrawer-paper { color: ${words} !important; } }`
  document.head.append(atOnce)
  Bokeh.index.find_one_by_id(page.id)?.shadow_el.append(inPage)
}
if (page) {
  page.data.properties.dark_theme.change.connect(paint)
  if (page.data.dark_theme !== window.pageIsDark) { page.data.dark_theme = window.pageIsDark }
  document.documentElement.classList.add("themed")
  page.data.properties.dark_theme.change.connect(() => { keep(page.data.dark_theme ? "dark" : "default") })
  // Paper is white, and as wide as the pictures: they were drawn for the screen, and none of them may be cut.
  const paper = document.createElement("style")
  document.head.append(paper)
  window.addEventListener("beforeprint", () => {
    const places = models().find((model) => model.css_classes?.includes("places-of-tabs"))
    const wide = Math.round(Bokeh.index.find_one_by_id(places?.id)?.el.getBoundingClientRect().width ?? 1000) + 64
    paper.textContent = `@page { size: ${wide}px ${Math.round(1.414 * wide)}px; margin: 24px 16px; }`
    if (page.data.dark_theme) { recolor(ON_PAPER) }
  })
  window.addEventListener("afterprint", () => { if (page.data.dark_theme) { recolor(ON_SCREEN) } })
}

// The first stop of the Tab key leads past header and sidebar.
const skip = document.createElement("a")
skip.href = "#"
skip.textContent = "Skip to the pictures"
skip.className = "skip-to-pictures"
skip.addEventListener("click", (event) => {
  event.preventDefault()
  const find = (root) => root.querySelector("[role=tab][aria-selected=true]") ??
    [...root.querySelectorAll("*")].map((element) => element.shadowRoot && find(element.shadowRoot)).find((found) => found)
  find(document)?.focus()
})
const style = document.createElement("style")
style.textContent = `
.skip-to-pictures { position: fixed; left: 8px; top: -60px; z-index: 2000; padding: 10px 16px; border-radius: 4px; background: #ffd166; color: #14171a;
  font: 500 0.95rem/1 "Roboto", "Helvetica", Arial, sans-serif; }
.skip-to-pictures:focus { top: 4px; }
@media print { .skip-to-pictures { display: none; } html, body { background: #fff !important; height: auto !important; overflow: visible !important; } }
`
document.head.append(style)
document.body.prepend(skip)

// A button of a lesson goes away with what it starts: the keyboard goes on at the last of what has come, the lesson's
// title or the verdict.
let leading = 0
window.addEventListener("click", (event) => {
  const path = event.composedPath(), lesson = path.find((each) => each.classList?.contains("lesson"))
  const button = path.find((each) => each.tagName === "BUTTON")
  if (!lesson || !button) { return }
  const inside = (root) => [...(root.shadowRoot ?? root).querySelectorAll("*")].flatMap((each) =>
    [...(each.classList.contains("goes-on") ? [each] : []), ...(each.shadowRoot ? inside(each) : [])])
  clearInterval(leading)
  const until = performance.now() + 60000
  leading = setInterval(() => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) { at = at.shadowRoot.activeElement }
    const come = at === document.body && inside(lesson).filter((each) => each.checkVisibility()).at(-1)
    if (come) {
      come.tabIndex = -1
      come.focus({preventScroll: true})
    }
    if (come || ![button, document.body].includes(at) || performance.now() > until) { clearInterval(leading) }
  }, 100)
})

// What has a method itself, of all that an object takes its methods from.
const having = (name, object) => {
  while (object && !Object.hasOwn(object, name)) { object = Object.getPrototypeOf(object) }
  return object
}
const owner = (name, type) => having(name, Bokeh.Models.get(type, true)?.prototype.default_view.prototype)

// A view is sought by going through all of them, each time; on this page they are thousands. Those seen on the way are
// kept, until they are gone.
const seen = new Map()
having("find_one_by_id", Bokeh.index).find_one_by_id = function (id) {
  const view = seen.get(id)?.deref()
  if (view && !view.is_destroyed) { return view }
  seen.clear()
  for (const each of this.all_views()) { if (!seen.has(each.model.id)) { seen.set(each.model.id, new WeakRef(each)) } }
  return seen.get(id)?.deref() ?? null
}
// A style sheet that changes costs a look at all the others, even where it is as it was: mostly it is.
having("_update", Bokeh.index.roots[0].style)._update = function (css) {
  if (this.el.textContent !== css) { this.el.textContent = css }
}
// Where a resize falls between the making of a figure and its layout, Bokeh measures what is not there yet, and fails.
for (const step of ["_measure_layout", "_after_layout"]) {
  const views = owner(step, "Figure"), act = views[step]
  views[step] = function () { if (this.layout != null) { act.call(this) } }
}

// Bokeh lays out everything on the page whenever a part of it changes. The places of tabs that are not shown are left out;
// what changes in one of them is laid out when it is shown.
const late = new WeakSet() // places in which something has changed
const laidOut = new WeakSet() // views that have been; a place may be made while another one is shown
const hidden = (view) => view.model.styles["content-visibility"] === "hidden"
const hiddenPlace = (view) => {
  while (view && !(view.model.styles && hidden(view))) { view = view.parent }
  return view
}
const wait = (place) => {
  if (late.has(place)) { return }
  late.add(place)
  const shown = () => {
    if (hidden(place)) { return }
    place.model.properties.styles.change.disconnect(shown)
    late.delete(place)
    place.invalidate_layout()
  }
  place.model.properties.styles.change.connect(shown)
}
for (const step of ["update_layout", "measure_layout", "update_bbox", "_compute_layout", "after_layout"]) {
  for (const views of new Set(["Column", "panel.models.esm.ReactComponent"].map((type) => owner(step, type)))) {
    if (!views) { continue }
    const act = views[step]
    views[step] = function () {
      if (hidden(this)) {
        if (!laidOut.has(this)) { wait(this) }
        return false
      }
      laidOut.add(this)
      return act.call(this)
    }
  }
}
// On this page only figures are laid out by Bokeh, all else by CSS; and what changes its size because something else did
// notices that itself. So each change lays out what has changed, and what is in it, where Bokeh begins anew with the page.
const only = {
  compute_layout(view) {
    view.measure_layout()
    view.update_bbox()
    view._compute_layout()
    view.after_layout()
    view._layout_computed = true
  },
  invalidate_layout(view) {
    const around = view.parent
    if (around?._update_layout) { // it holds what CSS says of its children
      around.update_style()
      for (const child of around.child_views) { child.parent_style.clear() }
      around._update_layout()
    }
    view.update_layout()
    view.compute_layout()
  },
}
for (const step of ["invalidate_layout", "compute_layout"]) {
  for (const views of new Set(["Column", "panel.models.esm.ReactComponent"].map((type) => owner(step, type)))) {
    if (!views) { continue }
    views[step] = function () {
      const place = hiddenPlace(this)
      if (!place) { return only[step](this) }
      wait(place)
      this._layout_computed = true
    }
  }
}

// What only holds others has nothing to lay out when its size changes: they notice theirs. So it must not take note of
// their sizes either: a figure whose size is known already is not laid out, as those of a tab that was hidden meanwhile.
const holder = owner("_after_resize", "Column")
const {after_resize: resized} = holder
holder.after_resize = function () {
  if (this.model.type === "Figure" || this.child_views.length === 0 || !this._was_built) { return resized.call(this) }
  this._resized = true
  this._update_bbox()
  this.finish()
}

// The handle between sidebar and pictures has a name; with no role of its own no reader may say it.
const handle = () => {
  const root = page && Bokeh.index.find_one_by_id(page.id)?.shadow_el
  const found = root?.querySelector("[aria-label='Resize sidebar']")
  if (found) { found.setAttribute("role", "separator") } else if (root) { setTimeout(handle, 1000) }
}
handle()
window.addEventListener("resize", () => setTimeout(handle, 500)) // a narrow window has another one

// A number box takes what was typed when Enter is pressed, and then no more until it is left and entered again.
window.addEventListener("keyup", (event) => {
  const box = event.composedPath()[0]
  if (event.key === "Enter" && box instanceof HTMLInputElement && box.type === "text") { box.blur() }
})

// Of a file without a byte the component sends nothing, not even its name: the server is told it with the others' end.
let empty = []
for (const [kind, files] of [["input", (event) => event.composedPath()[0].files], ["drop", (event) => event.dataTransfer?.files]]) {
  window.addEventListener(kind, (event) => {
    empty = [...(files(event) ?? [])].filter((file) => file.size === 0).map((file) => file.name)
  }, true)
}
const sender = having("trigger_event", Bokeh.Models.get("panel.models.esm.ReactComponent", true)?.prototype)
if (sender) {
  const send = sender.trigger_event
  sender.trigger_event = function (event) {
    if (event.data?.status === "finished") { [event.data.empty, empty] = [empty, []] }
    return send.call(this, event)
  }
}

// Panel unmounts the root of a React component that is rendered anew; where the first one has not come yet, there is none.
for (const name of ["panel.models.esm.ReactComponent"]) {
  const drawn = Bokeh.Models.get(name, true)?.prototype.default_view.prototype
  if (!drawn) { continue }
  const draw = drawn.render
  drawn.render = function () {
    if (this.react_root) { this.react_root = this.react_root.then((root) => root ?? {unmount() {}}) }
    return draw.call(this)
  }
}
