"""Solutions to the exercises of the chapter on linear regression."""

# %% imports
import torch
from torch.optim import SGD

from dlnotes.data.synthetic import noisy_line
from dlnotes.linear import LinearRegression, design_matrix, least_squares
from dlnotes.losses import mse
from dlnotes.train.batches import Batches
from dlnotes.train.history import History
from dlnotes.train.loop import train
from dlnotes.train.seed import seed_everything

seed_everything(1809)
X, y = noisy_line(n=256, w=5, b=7, sigma=0.25)

# %% solution-2
seed_everything(1)
model = LinearRegression(features=1)
optimizer = SGD(model.parameters(), lr=0.01)
train(model, mse, optimizer, Batches(X, y, batch_size=64), steps=1000)

seed_everything(1)
w, b = torch.zeros(1), torch.zeros(())
batches = Batches(X, y, batch_size=64)
for _ in range(250):
    for X_batch, y_batch in batches:
        error = X_batch @ w + b - y_batch  # (64,)
        w = w - 0.01 * 2 * (X_batch.T @ error) / len(error)
        b = b - 0.01 * 2 * error.mean()
gap_largest = max(abs(w - model.w).item(), abs(b - model.b).item())
print(f"by hand  w {w.item():.5f}  b {b.item():.5f}")
print(f"by loop  w {model.w.item():.5f}  b {model.b.item():.5f}")

# %% solution-3
seed_everything(1)
area = torch.rand(256)
rooms = 0.8 * area + 0.1 * torch.randn(256)
price = 2 * area + 3 * rooms + 1 + 0.25 * torch.randn(256)
w_alone, _ = least_squares(area[:, None], price)
w_both, _ = least_squares(torch.stack([area, rooms], dim=1), price)
w_rooms, _ = least_squares(area[:, None], rooms)
predicted = w_both[0] + w_both[1] * w_rooms[0]
print(f"area alone       {w_alone.item():.3f}")
print(f"area with rooms  {w_both[0]:.3f}, rooms {w_both[1]:.3f}")
print(f"area + rooms · slope of rooms on area  {predicted:.3f}")

# %% solution-4
A = design_matrix(X)  # (256, 2)
H = 2 * A.T @ A / len(A)
w_fit, b_fit = least_squares(X, y)
exact = torch.stack([b_fit, *w_fit])
decayed = torch.linalg.solve(H + 0.1 * torch.eye(2), H @ exact)
b_decayed, w_decayed = decayed.tolist()
for name, theta in [("exact fit", exact), ("with decay", decayed)]:
    loss = mse(A @ theta, y)
    print(f"{name:10}  w {theta[1]:.3f}  b {theta[0]:.3f}  loss {loss:.4f}")


# %% solution-5
def steps_needed(X: torch.Tensor) -> int:
    model = LinearRegression(features=1)
    optimizer = SGD(model.parameters(), lr=0.01)
    w_fit, _ = least_squares(X, y)

    def close_enough(history: History) -> bool:
        return abs(model.w / w_fit - 1).item() < 0.002

    batches = Batches(X, y, batch_size=256)
    return train(model, mse, optimizer, batches, 10_000, [close_enough]).step


raw = steps_needed(X)
centred = steps_needed(X - X.mean())
standardized = steps_needed((X - X.mean()) / X.std())
print(f"raw {raw}, centred {centred}, standardized {standardized} steps")
