"""From a PyTorch model and a DataLoader to a learning rate, and to a training at it."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import etastar


def arrays(loader):
    """All inputs and labels of a loader."""
    inputs, labels = zip(*loader)
    return torch.cat(inputs), torch.cat(labels)


def he_initialised(model):
    """The initialisation of which eta* is measured: He's, biases 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def hidden_widths(model):
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    return [layer.out_features for layer in linear[:-1]], linear[0].bias is not None


# Your model and your loader; inputs have mean 0 and variance 1.
torch.manual_seed(1)
labels = torch.randint(0, 3, (3000,))
inputs = torch.randn(3000, 20) + 2 * torch.eye(3, 20)[labels]
inputs = (inputs - inputs.mean()) / inputs.std()
loader = DataLoader(TensorDataset(inputs, labels), batch_size=128, shuffle=True)
widths = [20, 64, 64, 64, 64]
hidden_layers = [
    part
    for below, width in zip(widths, widths[1:])
    for part in (nn.Linear(below, width, bias=False), nn.ReLU())
]
model = nn.Sequential(*hidden_layers, nn.Linear(64, 3, bias=False))

x, y = arrays(loader)
hidden, bias = hidden_widths(model)
found = etastar.find(
    x, y, hidden=hidden, bias=bias, batch_size=loader.batch_size, standardise="none"
)
print(found)

he_initialised(model)
sharp = etastar.sharpness(model.state_dict(), x[:512], y[:512])
print(f"2 / lambda_1 of this network: {sharp.stability_limit:.3f}")

# None for networks with biases, where it was not measured.
rate = found.fastest_rate.learning_rate
optimiser = torch.optim.SGD(model.parameters(), lr=rate)
for batch, targets in loader:
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(model(batch), targets)
    loss.backward()
    optimiser.step()
accuracy = (model(x).argmax(1) == y).float().mean().item()
print(f"one epoch at {rate:.3f}: loss {loss.item():.3f}, accuracy {accuracy:.2f}")
