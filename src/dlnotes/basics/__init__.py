"""NumPy only: perceptron, activations, gradients, layers, a scalar autograd."""
