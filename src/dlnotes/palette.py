"""The colours and dashes of the book's figures, in the order of their use."""

# Blue, vermilion, bluish green and reddish purple of Okabe and Ito (Color
# Universal Design, 2008), then indigo and dark red of Paul Tol (Colour
# Schemes, 2021) and a brown between them.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#332288", "#664400", "#994455"),
)
DASHES = ("-", "--", ":", "-.", (0, (6, 2)), (0, (1, 3)), (0, (4, 1, 1, 1)))
