"""The top Hessian eigenvalue of one network, by PyTorch and by etastar.

Both get the same weights and samples from the same files and run a Lanczos
process with full reorthogonalisation on one thread. PyTorch multiplies by the
Hessian by differentiating the gradient twice (double backward) or by
`torch.func.jvp` of `torch.func.grad`. Prints the eigenvalues and the time of an
iteration: product and reorthogonalisation, and for etastar, whose program
always gives it, a share of the exact trace. Run it as README.md beside this file says.
"""

import argparse
import json
import os
import struct
import subprocess
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy
import torch


def write_safetensors(path, tensors):
    """Writes float32 arrays in the safetensors format."""
    header, offset = {}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for array in tensors.values():
            file.write(array.tobytes())


def draw(inputs, width, depth, outputs, samples):
    """He-initialised weights, standard normal samples, uniform labels."""
    rng = numpy.random.default_rng(1)
    sizes = [inputs] + [width] * depth + [outputs]
    weights = [
        (rng.standard_normal((a, b)) * (2.0 / a) ** 0.5).astype(numpy.float32)
        for a, b in zip(sizes, sizes[1:])
    ]
    x = rng.standard_normal((samples, inputs)).astype(numpy.float32)
    return weights, x, rng.integers(0, outputs, samples)


def loss_of(weights, x, y):
    a = x
    for weight in weights[:-1]:
        a = torch.relu(a @ weight)
    return torch.nn.functional.cross_entropy(a @ weights[-1], y)


def double_backward(weights, x, y):
    """Products by differentiating a kept gradient."""
    gradient = torch.autograd.grad(loss_of(weights, x, y), weights, create_graph=True)

    def product(vectors):
        return torch.autograd.grad(gradient, weights, vectors, retain_graph=True)

    return product


def forward_over_reverse(weights, x, y):
    """Products by `torch.func`: a tangent of the gradient."""
    gradient = torch.func.grad(lambda w: loss_of(w, x, y))
    point = tuple(weight.detach() for weight in weights)

    def product(vectors):
        return torch.func.jvp(gradient, (point,), (tuple(vectors),))[1]

    return product


def lanczos(product, weights, iterations):
    """Top Ritz value after some iterations, the seconds of the products, and all seconds."""
    begun = time.perf_counter()
    sizes = [weight.numel() for weight in weights]
    generator = torch.Generator().manual_seed(0)
    basis = [torch.randn(sum(sizes), generator=generator, dtype=torch.float64)]
    basis[0] /= basis[0].norm()
    alphas, betas, seconds = [], [], 0.0
    for _ in range(iterations):
        pieces = basis[-1].float().split(sizes)
        vectors = [piece.view_as(weight) for piece, weight in zip(pieces, weights)]
        started = time.perf_counter()
        image = product(vectors)
        seconds += time.perf_counter() - started
        image = torch.cat([piece.detach().reshape(-1) for piece in image]).double()
        alphas.append(float(image @ basis[-1]))
        for vector in basis + basis:
            image -= (image @ vector) * vector
        betas.append(float(image.norm()))
        basis.append(image / betas[-1])
    matrix = numpy.diag(alphas) + numpy.diag(betas[:-1], 1) + numpy.diag(betas[:-1], -1)
    return numpy.linalg.eigvalsh(matrix)[-1], seconds, time.perf_counter() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--etastar", default="etastar", help="the program")
    parser.add_argument("--inputs", type=int, default=784)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--outputs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=512)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    weights, x, y = draw(
        arguments.inputs, arguments.width, arguments.depth, arguments.outputs, arguments.samples
    )
    with tempfile.TemporaryDirectory() as folder:
        network, data = os.path.join(folder, "net.safetensors"), os.path.join(folder, "data.npz")
        write_safetensors(network, {f"layers.{i}.weight": w for i, w in enumerate(weights)})
        numpy.savez(data, x=x, y=y)
        command = [arguments.etastar, "sharpness", "--weights", network, "--samples-file", data]
        command += ["--no-bounds", "--json", "--jobs", "1"]
        leaves = [torch.from_numpy(w).requires_grad_() for w in weights]
        inputs, labels = torch.from_numpy(x), torch.from_numpy(y)
        ours, theirs = [], {"double backward": [], "torch.func": []}
        for _ in range(arguments.runs):
            result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            found = result["repeats"][0]
            products = found["hessian"]["products"] + found["gauss_newton"]["products"]
            ours.append((found["hessian"]["largest"], result["seconds"] / products))
            iterations = found["hessian"]["products"]
            for name, make in [
                ("double backward", double_backward),
                ("torch.func", forward_over_reverse),
            ]:
                product = make(leaves, inputs, labels)
                top, seconds, whole = lanczos(product, leaves, iterations)
                theirs[name].append((top, whole / iterations, seconds / iterations))
    median = 1e3 * numpy.median([seconds for _, seconds in ours])
    print(f"{'etastar':16} lambda_1 {ours[0][0]:.5f}  {median:8.2f} ms an iteration (trace included)")
    for name, found in theirs.items():
        whole = 1e3 * numpy.median([whole for _, whole, _ in found])
        product = 1e3 * numpy.median([product for _, _, product in found])
        print(
            f"{name:16} lambda_1 {found[0][0]:.5f}  {whole:8.2f} ms an iteration, "
            f"{product:.2f} of them the product  {whole / median:.2f} times"
        )


if __name__ == "__main__":
    main()
