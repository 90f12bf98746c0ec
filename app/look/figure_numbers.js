// The numbers of a figure as CSV: of all that is drawn in it, columns side by side, each with its name and unit; run once.

const ACROSS = ["x", "x0", "x1", "x2", "xs", "left", "right", "cx"], UP = ["y", "y0", "y1", "y2", "ys", "bottom", "top", "cy"]
const SIDES = {left: "from", right: "to", bottom: "from", top: "to", x0: "from", x1: "to", x2: "to", y0: "from", y1: "to", y2: "to"}
const FIRST = {x1: "x2", y1: "y2"} // of an area the first of two, of a piece of line the second
const sideOf = (glyph, attr, both) => !both ? "" : FIRST[attr] in glyph ? "from" : SIDES[attr] ?? ""
const LOOKS = /color|alpha|marker|size$|width$|^says$|^words$/ // columns of a source that only say how it looks
const TELLING = new Set(["name", "row", "column", "cell", "cycle", "pulse", "device", "component", "outlier", "lag", "count"])

const columnsOf = (source) => {
  const {data} = source
  return new Map(data instanceof Map ? data : Object.entries(data))
}
// The shortest text that gives the same number again.
const numberText = (value, single) => {
  if (Array.isArray(value)) { return numberText(value[0], single) } // of a category, and where in it
  if (typeof value !== "number") { return value == null ? "" : String(value) }
  if (!Number.isFinite(value)) { return "" }
  if (single) {
    for (let digits = 6; digits < 9; digits++) {
      const text = String(Number(value.toPrecision(digits)))
      if (Math.fround(Number(text)) === value) { return text }
    }
  }
  return String(value)
}
const cellText = (text) => {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text // no spreadsheet takes it as a formula
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
const outline = (line) => line.length > 0 && typeof line[0] !== "number" ? outline(line[0]) : line // of polygons with holes
const labelled = (axes, fallback) => axes.map((axis) => axis.axis_label).find((label) => typeof label === "string" && label.trim()) ?? fallback
const inserted = (label, word) => { // "HRS resistance (kΩ)" -> "HRS resistance, from (kΩ)"
  const unit = /^(.*?)( \([^()]*\))$/.exec(label)
  return unit ? `${unit[1]}, ${word}${unit[2]}` : `${label}, ${word}`
}

// What each thing drawn is called: as in the legend, by colour, dash and kind; else its number.
const seriesNames = (renderers, entries) => {
  const plain = (color) => typeof color === "string" ? color.toLowerCase() : null
  const ink = new Set(["#1f2933", "#e8eaed"])
  const found = renderers.map(({glyph, name}) => {
    if (name === "ghost A") { return "run A" }
    if (name === "ghost selected") { return "selected cells" }
    const lined = /Line|Step|Segment|Ray/.test(glyph.type)
    const read = (attr) => { const value = glyph[attr]; return plain(value?.value ?? value) }
    const colors = (lined ? [read("line_color")] : [read("fill_color"), read("line_color")]).filter((color) => color)
    const dash = lined ? (glyph.line_dash?.value ?? glyph.line_dash ?? []).length > 0 : null
    const same = entries.filter(({kind, color, dash: drawn}) => kind && (lined === (kind === "line")) &&
      colors.some((own) => own === plain(color) || (["ink", "currentcolor"].includes(plain(color)) && ink.has(own))) &&
      (!lined || dash === (drawn !== "solid")))
    return same.length === 1 ? same[0].text : ""
  })
  if (renderers.length === 1) { return [""] }
  return found.map((text, i) => {
    const name = text || `series ${i + 1}`
    return found.filter((other) => other === text).length > 1 && text ? `${name} ${found.slice(0, i + 1).filter((other) => other === text).length}` : name
  })
}

const single = (values) => values instanceof Float32Array || values?.dtype === "float32"
// Each pixel of an image: its middle, and its value. On a logarithmic axis pixels lie evenly on the screen.
const pixels = (fig, image, at, place, labels, mapper) => {
  const values = image[at], [high, wide] = values.shape ?? [values.length, values[0].length]
  const log = [fig.x_scale.type === "LogScale", fig.y_scale.type === "LogScale"]
  const middles = (start, length, count, isLog) => Array.from({length: count}, (_, i) => {
    const share = (i + 0.5) / count
    return isLog ? start * ((start + length) / start) ** share : start + length * share
  })
  const x = middles(place.x[at], place.dw[at], wide, log[0]), y = middles(place.y[at], place.dh[at], high, log[1])
  const flat = values.shape ? values : values.flat()
  return [
    [labels[0], Array.from({length: high * wide}, (_, i) => x[i % wide])],
    [labels[1], Array.from({length: high * wide}, (_, i) => y[Math.floor(i / wide)])],
    [mapper, flat],
  ]
}

const columnsOfRenderer = (fig, {glyph, data_source: source}, name, labels) => {
  const data = columnsOf(source), found = []
  const field = (attr) => { const value = glyph[attr]; return typeof value === "string" ? value : value?.field }
  const named = (label) => name ? `${name}: ${label}` : label
  if (glyph.type.startsWith("Image")) {
    const place = Object.fromEntries(["x", "y", "dw", "dh"].map((attr) =>
      [attr, Array.from(data.get(field(attr)) ?? data.get("x") ?? [])]))
    const image = data.get(field("image")) ?? []
    const bar = [...fig.right, ...fig.above, ...fig.below, ...fig.left].find((each) => each.type === "ColorBar" && each.color_mapper === glyph.color_mapper)
    const cloud = glyph.type === "ImageRGBA" // how dense it is, is how opaque it is
    const value = bar?.title?.trim() || (cloud ? "Density, share of its largest" : "Count")
    const found = image.length ? pixels(fig, image, 0, place, labels, value) : []
    if (cloud && found.length) { found[2][1] = Array.from(found[2][1], (color) => (color >>> 24) / 255) }
    return found.map(([label, values]) => [named(label), values])
  }
  for (const [attrs, label] of [[ACROSS, labels[0]], [UP, labels[1]]]) {
    const known = attrs.filter((attr) => attr in glyph && data.has(field(attr)))
    for (const attr of known) { // bars that begin at zero have one end only
      const side = sideOf(glyph, attr, known.length > 1)
      found.push([named(side ? inserted(label, side) : label), data.get(field(attr)), field(attr)])
    }
  }
  if (["xs", "ys"].some((attr) => attr in glyph)) { // lines of their own, one below the other, an empty cell between
    return found.map(([label, lines]) => [label, [...lines].map(outline).flatMap((line, i) => i ? [NaN, ...line] : [...line])])
  }
  if (!found.length) { return [] }
  for (const {source: of, dimension, lower, upper} of fig.center.filter(({type, visible}) => type === "Whisker" && visible)) {
    for (const [end, side] of of === source ? [[lower, "low"], [upper, "high"]] : []) { // error bars
      const key = end?.field, label = inserted(labels[dimension === "height" ? 1 : 0], side)
      if (data.has(key) && !found.some(([, , known]) => known === key)) { found.push([named(label), data.get(key), key]) }
    }
  }
  if (data.has("value")) { found.push([named(fig.title?.text || "value"), data.get("value"), "value"]) } // of shaded fields
  const used = new Set(found.map(([, , key]) => key)), count = found[0][1].length
  for (const [key, values] of data) {
    if (!used.has(key) && !LOOKS.test(key) && TELLING.has(key) && values.length === count) { found.push([named(key), values]) }
  }
  return found
}

// Columns of all that is drawn: pairs of a heading and its values.
const numbersOf = (fig) => {
  const [across, up] = synaptogenTools.axesOf(fig)
  const unnamed = (range, name) => range.type === "FactorRange" ? "Category" : name
  const labels = [labelled(across, unnamed(fig.x_range, "x")), labelled(up, unnamed(fig.y_range, "y"))]
  const shown = fig.renderers.filter(({visible, glyph, data_source: source}) => visible && glyph && source && source.get_length() > 0)
  const seen = new Set(), drawn = shown.filter(({glyph, data_source: source}) => { // a mark and its rim are one
    const key = `${source.id} ${[...ACROSS, ...UP, "image"].map((attr) => JSON.stringify(glyph[attr]?.field ?? glyph[attr]) ?? "").join(" ")}`
    return !seen.has(key) && seen.add(key)
  })
  const view = synaptogenTools.viewOf(fig), card = view && synaptogenTools.cardOf(view)
  const names = seriesNames(drawn, card ? synaptogenTools.legendOf(card) : [])
  return drawn.flatMap((renderer, i) => {
    const own = up.filter(({y_range_name: name}) => name === renderer.y_range_name)
    return columnsOfRenderer(fig, renderer, names[i], [labels[0], labelled(own, labels[1])])
  })
}
const csvOf = (fig) => {
  const columns = numbersOf(fig), count = Math.max(0, ...columns.map(([, values]) => values.length))
  const singles = columns.map(([, values]) => single(values))
  const lines = [columns.map(([label]) => cellText(label)).join(",")]
  for (let i = 0; i < count; i++) {
    lines.push(columns.map(([, values], k) => i < values.length ? cellText(numberText(values[i], singles[k])) : "").join(","))
  }
  return `${lines.join("\n")}\n`
}

window.synaptogenTools = {
  ...window.synaptogenTools,
  csvOf,
  numbers(fig) { synaptogenTools.save(new Blob([csvOf(fig)], {type: "text/csv"}), `${synaptogenTools.stem(fig)}.csv`) },
}

// ------------------------------------------------------------------------------------------ the menu of a figure
const MENU = `
.save-menu { position: fixed; inset: auto; margin: 0; padding: 10px 12px; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 6px;
  width: 232px; max-width: calc(100vw - 16px); box-sizing: border-box; box-shadow: 0 4px 16px rgba(0, 0, 0, 0.25); background: var(--panel-surface-color, #fff);
  color: var(--panel-on-surface-color, #222); font: 400 0.85rem/1.3 "Roboto", "Helvetica", Arial, sans-serif; }
.save-menu label { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin-bottom: 6px; }
.save-menu select { height: 28px; width: 152px; border: 1px solid color-mix(in srgb, currentColor 45%, transparent); border-radius: 3px; background: inherit; color: inherit; font: inherit; }
.save-menu .files { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; margin-top: 8px; }
.save-menu button { width: auto; height: 32px; padding: 0 4px; border: 1px solid color-mix(in srgb, currentColor 45%, transparent); border-radius: 4px; background: none;
  color: inherit; font: inherit; opacity: 1; cursor: pointer; }
.save-menu .files button:last-child { grid-column: 2 / 4; }
.save-menu button:hover { background: color-mix(in srgb, currentColor 9%, transparent); }
.save-menu :is(button, select):focus-visible { outline: 2px solid var(--panel-primary-color, #1f4e79); outline-offset: 1px; }
.save-menu [role=status] { margin-top: 6px; font-size: 0.78rem; }
.save-menu [role=status]:empty { display: none; }
`
const made = (tag, attributes, ...children) => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) { element.setAttribute(name, value) }
  element.append(...children)
  return element
}
let menu = null
const makeMenu = () => {
  const {chosen, SIZES} = synaptogenTools
  const style = made("style", {}, MENU), said = made("div", {role: "status"}), files = made("div", {class: "files"})
  const choice = (words, key, options) => {
    const select = made("select", {"aria-label": words}, ...Object.entries(options).map(([value, label]) => made("option", {value}, label)))
    select.value = chosen[key]
    select.addEventListener("change", () => { chosen[key] = select.value })
    return made("label", {}, words, select)
  }
  const file = (words, act) => {
    const button = made("button", {type: "button"}, words)
    button.addEventListener("click", async () => {
      said.textContent = "Saving …"
      try {
        await act(menu.fig)
        menu.root.hidePopover()
      } catch (error) {
        console.warn(error)
        said.textContent = "This picture could not be saved; try another format."
      }
    })
    files.append(button)
  }
  for (const scale of [1, 2, 3]) { file(`PNG ${scale}×`, (fig) => synaptogenTools.picture(fig, "png", scale)) }
  file("SVG", (fig) => synaptogenTools.picture(fig, "svg"))
  file("Numbers (CSV)", (fig) => synaptogenTools.numbers(fig))
  const root = made("div", {class: "save-menu", popover: "auto", role: "dialog", "aria-label": "Save picture or numbers"},
    choice("Size", "size", Object.fromEntries(Object.entries(SIZES).map(([key, {label}]) => [key, label]))),
    choice("Colours", "colours", {light: "Light", page: "As on the page"}), files, said)
  menu = {root, style, said, fig: null, opener: null}
  root.addEventListener("toggle", (event) => { if (event.newState === "closed") { menu.opener?.focus() } })
}
synaptogenTools.openMenu = (fig, button, root) => {
  if (!menu) { makeMenu() }
  Object.assign(menu, {fig, opener: button})
  menu.said.textContent = ""
  root.append(menu.style, menu.root)
  menu.root.showPopover()
  const at = button.getBoundingClientRect(), size = menu.root.getBoundingClientRect()
  menu.root.style.left = `${Math.max(8, Math.min(at.right - size.width, window.innerWidth - size.width - 8))}px`
  menu.root.style.top = `${at.bottom + 4 + size.height < window.innerHeight ? at.bottom + 4 : Math.max(8, at.top - size.height - 4)}px`
  menu.root.querySelector("select").focus()
}
