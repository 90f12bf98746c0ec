// The train as a list of segments. A line is moved by its handle (mouse or finger), by its two arrows, or with Alt and
// an arrow key. All that is typed goes to the server as it is, which reads it.

const STYLE = `
.lab { width: 100%; box-sizing: border-box; font: 0.85rem/1.35 "Roboto", "Helvetica", Arial, sans-serif;
  color: var(--panel-on-background-color, #222); --line: color-mix(in srgb, currentColor 45%, transparent);
  --main: var(--panel-primary-color, #1f4e79); --bad: var(--danger-bg-color, #d32f2f); }
.lab button, .lab select, .lab input { font: inherit; color: inherit; height: 30px; box-sizing: border-box; border-radius: 4px;
  border: 1px solid var(--line); background: var(--panel-surface-color, #fff); }
.lab button { padding: 0 8px; cursor: pointer; }
.lab button:hover { background: color-mix(in srgb, currentColor 10%, transparent); }
.lab :is(button, select, input, li):focus-visible { outline: 2px solid var(--main); outline-offset: 1px; }
.lab option { color: var(--panel-on-background-color, #222); background: var(--panel-background-color, #fff); }
.lab input { width: 4.6em; padding: 0 6px; text-align: right; font-variant-numeric: tabular-nums; }
.lab input.table { width: min(26em, 60vw); text-align: left; }
.lab .top { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; padding: 4px 2px 8px; }
.lab label { display: inline-flex; align-items: center; gap: 5px; }
.lab ol { list-style: none; margin: 0; padding: 0; }
.lab li { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; padding: 5px 2px; border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent); }
.lab li.over { box-shadow: inset 0 2px 0 var(--main); }
.lab li.held { opacity: 0.45; }
.lab .grip { cursor: grab; padding: 0 5px; touch-action: none; user-select: none; opacity: 0.7; font-size: 1.1rem; }
.lab .number { min-width: 1.4em; text-align: right; opacity: 0.8; }
.lab .did { flex: 1 1 18em; text-align: right; font-variant-numeric: tabular-nums; opacity: 0.9; }
.lab .acts { display: inline-flex; gap: 3px; }
.lab .acts button { width: 30px; padding: 0; }
.lab .acts button:disabled { opacity: 0.35; cursor: default; }
.lab .bad { border-color: var(--bad) !important; }
.lab .sentence { flex-basis: 100%; color: var(--bad); font-size: 0.8rem; }
.lab .sentence:empty { display: none; }
@media (pointer: coarse) { .lab .acts button, .lab button, .lab input, .lab select { height: 36px; } .lab .acts button { width: 36px; } }
@media print { .lab button, .lab .grip { display: none; } }
`
const MOST_BYTES = 60000

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) { made.setAttribute(name, value === true ? "" : value) }
  }
  made.append(...children)
  return made
}

export function render({model}) {
  const send = (message) => model.send_msg(message)
  const list = element("ol", {"aria-label": "Segments of the pulse train"})
  const said = element("div", {class: "sentence", role: "status"})
  let focus = null // [line, what]: where the keyboard is to be once the server has answered

  const choice = (label, options, act) => {
    const box = element("select", {"aria-label": label}, element("option", {value: ""}, label),
      ...options.map(([key, title]) => element("option", {value: key}, title)))
    box.addEventListener("change", () => {
      if (box.value) { send({act, kind: box.value}) }
      box.value = ""
    })
    return box
  }
  const repeats = element("input", {inputmode: "numeric", "aria-label": "How often all segments are applied", autocomplete: "off"})
  repeats.addEventListener("change", () => send({act: "repeats", field: "repeats", text: repeats.value}))
  const file = element("input", {type: "file", accept: ".csv,.txt", hidden: true, tabindex: "-1"})
  file.addEventListener("change", async () => {
    const [given] = file.files
    if (given) { send({act: "csv", text: await given.slice(0, MOST_BYTES + 1).text()}) }
    file.value = ""
  })
  const open = element("button", {type: "button"}, "CSV in")
  open.addEventListener("click", () => file.click())
  const top = element("div", {class: "top"}, choice("Presets …", model.presets, "preset"),
    choice("Add a segment …", model.kinds.map(([key, title]) => [key, title]), "add"),
    element("label", {}, "All of it", repeats, "times"), open, file)

  const typed = (line, field, value, label, act, kind = "") => {
    const box = element("input", {class: kind, value, "aria-label": label, inputmode: kind ? null : "decimal",
      autocomplete: "off", spellcheck: "false"})
    box.dataset.field = String(field)
    box.addEventListener("change", () => {
      focus = [line, String(field)]
      send({act, line, field, text: box.value})
    })
    return box
  }

  const row = ({kind, values, times, help}, line) => {
    const [, title, fields] = model.kinds.find(([key]) => key === kind)
    const here = `Segment ${line + 1}`
    const select = element("select", {"aria-label": `${here}: kind`, title: help},
      ...model.kinds.map(([key, words]) => element("option", {value: key, selected: key === kind}, words)))
    select.dataset.field = "kind"
    select.addEventListener("change", () => {
      focus = [line, "kind"]
      send({act: "kind", line, kind: select.value})
    })
    const boxes = kind === "table" ? [typed(line, 0, values[0], `${here}: voltages (V)`, "table", "table"), "V"]
      : fields.map(([label, unit], i) => element("label", {}, label,
        typed(line, i, values[i], `${here}, ${label}${unit ? ` (${unit})` : ""}`, "value"), unit))
    const number = element("label", {}, "×", typed(line, "times", String(times), `${here}: how often`, "times"))
    const act = (sign, words, message, off) => {
      const button = element("button", {type: "button", title: `${here}: ${words}`, disabled: off},
        element("span", {"aria-hidden": "true"}, sign))
      button.dataset.field = words
      button.addEventListener("click", () => {
        focus = [message.to ?? (message.act === "delete" ? Math.max(0, line - 1) : line), words]
        send({line, ...message})
      })
      return button
    }
    const last = model.lines.length - 1
    const acts = element("span", {class: "acts"},
      act("↑", "up", {act: "move", to: line - 1}, line === 0), act("↓", "down", {act: "move", to: line + 1}, line === last),
      act("+", "double", {act: "double"}, false), act("✕", "delete", {act: "delete"}, last === 0))
    const grip = element("span", {class: "grip", title: "Drag to move", "aria-hidden": "true"}, "⠿")
    const made = element("li", {"aria-label": `${here}: ${title}`}, grip, element("span", {class: "number", "aria-hidden": "true"}, `${line + 1}`),
      select, ...boxes, number, element("span", {class: "did"}, model.found[line] ?? ""), acts, element("div", {class: "sentence", role: "status"}))
    grip.addEventListener("pointerdown", (event) => drag(event, made, line))
    made.addEventListener("keydown", (event) => {
      const by = {ArrowUp: -1, ArrowDown: 1}[event.key]
      if (event.altKey && by && line + by >= 0 && line + by <= last) {
        event.preventDefault()
        focus = [line + by, event.target.dataset.field ?? "kind"]
        send({act: "move", line, to: line + by})
      }
    })
    return made
  }

  const drag = (event, held, line) => {
    event.preventDefault()
    const rows = [...list.children], grip = event.currentTarget
    let to = line
    grip.setPointerCapture(event.pointerId)
    held.classList.add("held")
    const over = (moved) => {
      to = rows.findIndex((each) => moved.clientY < each.getBoundingClientRect().bottom)
      to = to < 0 ? rows.length - 1 : to
      rows.forEach((each, i) => each.classList.toggle("over", i === to && i !== line))
    }
    const drop = (ended) => {
      grip.removeEventListener("pointermove", over)
      rows.forEach((each) => each.classList.remove("over", "held"))
      if (ended.type === "pointerup" && to !== line) { send({act: "move", line, to}) }
    }
    grip.addEventListener("pointermove", over)
    for (const end of ["pointerup", "pointercancel"]) { grip.addEventListener(end, drop, {once: true}) }
  }

  const draw = () => {
    const root = list.getRootNode(), at = root.activeElement
    const before = at && list.contains(at) ? [[...list.children].indexOf(at.closest("li")), at.dataset.field] : null
    list.replaceChildren(...model.lines.map(row))
    repeats.value = String(model.repeats)
    const [line, field] = focus ?? before ?? []
    focus = null
    const place = line === undefined ? null : list.children[Math.min(line, list.children.length - 1)]
    const wanted = place?.querySelector(`[data-field="${field}"]:not(:disabled)`) ?? place?.querySelector("select")
    wanted?.focus({preventScroll: true})
  }
  const tell = () => {
    const [line, field, sentence] = model.error
    const place = line >= 0 ? list.children[line] : null
    said.textContent = place ? "" : sentence
    repeats.classList.toggle("bad", field === "repeats" && sentence !== "")
    for (const each of list.children) {
      each.querySelector(".sentence").textContent = each === place ? sentence : ""
      for (const box of each.querySelectorAll("input")) {
        const bad = each === place && sentence !== "" && box.dataset.field === field
        box.classList.toggle("bad", bad)
        box.setAttribute("aria-invalid", String(bad))
      }
    }
  }
  const found = () => {
    [...list.children].forEach((each, i) => { each.querySelector(".did").textContent = model.found[i] ?? "" })
  }
  model.on("lines", () => { draw(); tell() })
  model.on("repeats", () => { repeats.value = String(model.repeats) })
  model.on("error", tell)
  model.on("answers", tell)
  model.on("found", found)
  draw()
  tell()
  return element("div", {class: "lab"}, element("style", {}, STYLE), top, list, said)
}
