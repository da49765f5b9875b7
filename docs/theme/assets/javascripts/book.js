// The language switch keeps the reader's place: headings have the same id in both books.
(() => {
  const heading = () => {
    const named = decodeURIComponent(location.hash.slice(1))
    const ids = [...document.querySelectorAll(".md-content :is(h2, h3, h4)[id]")]
    const top = document.querySelector(".md-header").offsetHeight + 40
    const target = document.getElementById(named)
    if (target) {
      const box = target.getBoundingClientRect()
      if (box.top >= 0 && box.top < innerHeight) return named
    }
    const above = ids.filter(h => h.offsetParent && h.getBoundingClientRect().top < top)
    return above.length ? above[above.length - 1].id : ""
  }

  for (const link of document.querySelectorAll("[data-dl-language]")) {
    const aim = () => { link.hash = heading() }
    for (const event of ["pointerenter", "focus", "pointerdown", "click"])
      link.addEventListener(event, aim)
    link.addEventListener("click", () => {
      try { localStorage.setItem("dlnotes.language", link.dataset.dlLanguage) } catch {}
    })
  }
})()
