// The language switch keeps the reader's place: headings have the same id in both books.
(() => {
  const here = () => {
    const named = decodeURIComponent(location.hash.slice(1))
    const target = named && document.getElementById(named)
    const top = target ? target.getBoundingClientRect().top : -1
    if (top >= 0 && top < innerHeight) return named
    const headings = [...document.querySelectorAll(".md-content :is(h2, h3, h4)[id]")]
    const read = headings.filter(h => h.offsetParent && h.getBoundingClientRect().top < innerHeight / 4)
    return read.length ? read[read.length - 1].id : ""
  }

  for (const link of document.querySelectorAll("[data-dl-language]")) {
    for (const event of ["pointerenter", "focus", "pointerdown", "click"])
      link.addEventListener(event, () => { link.hash = here() })
    link.addEventListener("click", () => {
      try { localStorage.setItem("dlnotes.language", link.dataset.dlLanguage) } catch {}
    })
  }
})()

// The theme's search starts with a key; dictation and a paste from the menu come without.
{
  const field = document.querySelector("[data-md-component=search-query]")
  field?.addEventListener("input", () => field.dispatchEvent(new KeyboardEvent("keyup")))
}
