"""NumPy only: perceptron, activations, gradients, layers, scalar autograd."""
