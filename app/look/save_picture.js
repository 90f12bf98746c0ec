// Any picture of the page as a file: SVG or PNG at the size of a paper's column or a slide, or its numbers as CSV.
// The figure is laid out at that size for a moment, so that letters and lines have their size in print. The server
// hears nothing of it. Run once a page; a figure's tool calls `savePicture`.

const SIZES = [ // label, pixels of the layout, what the file says of its size; 5 pixels are 1 mm in print
  ["As shown", null, null],
  ["One column (85 mm)", [425, 300], ["85mm", "60mm"]],
  ["Two columns (175 mm)", [875, 400], ["175mm", "80mm"]],
  ["Slide (1280 × 720)", [1280, 720], ["1280px", "720px"]],
]
const KINDS = [["SVG", "svg", 1], ["PNG 1×", "png", 1], ["PNG 2×", "png", 2], ["PNG 3×", "png", 3], ["CSV (numbers)", "csv", 1]]
const PLACES = ["x", "y", "x0", "y0", "x1", "y1", "left", "right", "bottom", "top", "width", "height", "base", "lower", "upper", "xs", "ys"]
const STYLE = `
dialog.save-picture { width: min(420px, calc(100vw - 24px)); box-sizing: border-box; padding: 14px 16px; border: 1px solid #7f7f7f; border-radius: 8px;
  font: 400 0.95rem/1.5 "Roboto", "Helvetica", Arial, sans-serif; background: #fff; color: #1f2933; }
dialog.save-picture.dark { background: #1b1f23; color: #e8eaed; }
dialog.save-picture::backdrop { background: rgba(0, 0, 0, 0.45); }
dialog.save-picture h2 { margin: 0 0 8px; font-size: 1.1rem; font-weight: 500; }
dialog.save-picture fieldset { margin: 0 0 12px; padding: 4px 12px 8px; border: 1px solid #7f7f7f; border-radius: 6px; }
dialog.save-picture label { display: block; padding: 2px 0; }
dialog.save-picture .row { display: flex; flex-wrap: wrap; gap: 8px; }
dialog.save-picture button { min-height: 34px; padding: 0 12px; border: 1px solid currentColor; border-radius: 4px; background: none; color: inherit; font: inherit; cursor: pointer; }
dialog.save-picture :focus-visible { outline: 2px solid #E69F00; outline-offset: 1px; }
dialog.save-picture p { margin: 8px 0 0; min-height: 1.5em; }
`

function made(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) { element.setAttribute(name, value) }
  element.append(...children)
  return element
}

const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))

// Lay the figure out at another size while `act` runs; without a size, as it is.
async function at(fig, pixels, act) {
  const names = ["sizing_mode", "width", "height", "min_width", "toolbar_location"]
  const before = Object.fromEntries(names.map((name) => [name, fig[name]]))
  const quietly = {sync: false}
  if (pixels) {
    const [width, height] = pixels
    fig.setv({sizing_mode: "fixed", width, height, min_width: width, toolbar_location: null}, quietly)
    await painted()
  }
  try {
    return await act(Bokeh.index.find_one_by_id(fig.id))
  } finally {
    if (pixels) { fig.setv(before, quietly) }
  }
}

// The picture with so many points for each pixel of its layout.
async function image(view, type, scale) {
  const own = Object.getOwnPropertyDescriptor(window, "devicePixelRatio")
  Object.defineProperty(window, "devicePixelRatio", {value: scale, configurable: true})
  try {
    return await view.export(type, type === "png").to_blob()
  } finally {
    if (own) { Object.defineProperty(window, "devicePixelRatio", own) } else { delete window.devicePixelRatio }
  }
}

// An SVG that says how large it is in print.
async function sized(blob, pixels, print) {
  if (!pixels) { return blob }
  const tree = new DOMParser().parseFromString(await blob.text(), "image/svg+xml"), root = tree.documentElement
  root.setAttribute("viewBox", `0 0 ${pixels[0]} ${pixels[1]}`)
  root.setAttribute("width", print[0])
  root.setAttribute("height", print[1])
  return new Blob([new XMLSerializer().serializeToString(tree)], {type: "image/svg+xml"})
}

const cell = (value) => {
  if (typeof value === "number") { return Number.isFinite(value) ? String(value) : "" }
  const text = value == null ? "" : String(value)
  return `"${(/^[=+\-@\t\r]/.test(text) ? "'" : "") + text.replaceAll('"', '""')}"` // a spreadsheet computes no text
}

// What is drawn as a table: one row a point, with the series that it belongs to.
function numbers(fig) {
  const around = [...fig.center, ...fig.left, ...fig.right, ...fig.above, ...fig.below]
  const items = around.filter((one) => Array.isArray(one.items)).flatMap((legend) => legend.items)
  const words = new Map(items.flatMap((item) => (item.renderers ?? []).map((one) => [one, item.label?.value])))
  const axis = (axes) => axes?.[0]?.axis_label || ""
  const labels = {x: axis(fig.below.filter((one) => "axis_label" in one)), y: axis(fig.left.filter((one) => "axis_label" in one))}
  const rows = [], seen = new Set()
  const drawn = [...fig.renderers, ...fig.center].filter((one) => one.visible !== false)
  drawn.forEach((one, index) => {
    const source = one.data_source ?? one.source, glyph = one.glyph ?? one
    if (!source?.data) { return }
    const series = words.get(one) ?? one.name ?? `${glyph.constructor.__name__ ?? glyph.type} ${index + 1}`
    const column = (field) => source.data instanceof Map ? source.data.get(field) : source.data[field]
    const take = (name) => {
      const spec = name in glyph ? glyph[name] : null
      const field = spec?.field ?? spec?.expr ?? null
      return typeof field === "string" ? column(field) : null
    }
    const grid = take("image")
    if (grid?.length) {
      for (const flat of grid) {
        const [height, width] = flat.shape ?? [1, flat.length]
        for (let k = 0; k < flat.length; k++) {
          const row = {series, row: Math.floor(k / width), column: k % width, value: flat[k]}
          Object.keys(row).forEach((key) => seen.add(key))
          rows.push(row)
        }
      }
      return
    }
    const columns = PLACES.map((name) => [name, take(name)]).filter(([, values]) => values != null)
    const count = Math.max(0, ...columns.map(([, values]) => values.length))
    for (let k = 0; k < count; k++) {
      const many = columns.find(([name]) => name === "xs" || name === "ys")?.[1][k]
      for (let j = 0; j < (many ? many.length : 1); j++) {
        const row = {series}
        for (const [name, values] of columns) {
          const plain = name === "xs" || name === "ys"
          row[plain ? name[0] : name] = plain ? values[k][j] : values[k]
        }
        Object.keys(row).forEach((key) => seen.add(key))
        rows.push(row)
      }
    }
  })
  const keys = ["series", ...[...seen].filter((key) => key !== "series")]
  const heads = keys.map((key) => cell(labels[key] ? `${key}: ${labels[key]}` : key))
  return [heads.join(","), ...rows.map((row) => keys.map((key) => cell(row[key] ?? "")).join(","))].join("\n") + "\n"
}

function send(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

async function save(fig, name, [label, pixels, print], [, kind, scale]) {
  const size = {"One": "-column", "Two": "-two-columns", "Slide": "-slide"}[label.split(" ")[0]] ?? ""
  if (kind === "csv") {
    send(new Blob([numbers(fig)], {type: "text/csv"}), `${name}.csv`)
    return `${name}.csv`
  }
  const blob = await at(fig, pixels, (view) => image(view, kind, scale))
  const file = `${name}${size}${scale > 1 ? `@${scale}x` : ""}.${kind}`
  send(kind === "svg" ? await sized(blob, pixels, print) : blob, file)
  return file
}

let last = 0 // the size that was chosen before, for all pictures
window.savePicture = (fig, name) => {
  const dark = Bokeh.documents.some((one) => [...one.all_models].some((model) => model.class_name === "Page" && model.data.dark_theme))
  const said = made("p", {role: "status"}, dark ? "Saved as shown, light on dark: for paper, choose the light theme first." : "")
  const radios = SIZES.map(([label], k) => made("label", {}, made("input", {type: "radio", name: "size", value: k, ...(k === last ? {checked: ""} : {})}), ` ${label}`))
  const buttons = KINDS.map((kind) => {
    const button = made("button", {type: "button"}, kind[0])
    button.addEventListener("click", async () => {
      last = Number(dialog.querySelector("input:checked").value)
      said.textContent = "Drawing …"
      try { said.textContent = `Saved ${await save(fig, name, SIZES[last], kind)}.` } catch (error) { said.textContent = `Not saved: ${error.message}` }
    })
    return button
  })
  const close = made("button", {type: "button"}, "Close")
  const dialog = made(
    "dialog", {class: `save-picture${dark ? " dark" : ""}`, "aria-labelledby": "save-picture"}, made("style", {}, STYLE),
    made("h2", {id: "save-picture"}, "Save picture"), made("fieldset", {}, made("legend", {}, "Size"), ...radios),
    made("div", {class: "row"}, ...buttons, close), said,
  )
  close.addEventListener("click", () => dialog.close())
  dialog.addEventListener("close", () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}
