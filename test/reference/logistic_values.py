#!/usr/bin/python3
"""Expected values for test_logistic.c and test_multinomial.c.

Newton's method in numpy on standardised columns, every step solved by QR of the
weighted rows (not by normal equations), run until nothing changes; transformed back to the original
columns.  Needs numpy; statsmodels and scikit-learn only for the comparison printed at the end.
Run from the root of the project; writes test/reference/data/*_expected.csv.
"""
import sys
import numpy as np

DATA = "test/reference/data/"


def load(name):
    cells = np.loadtxt(DATA + name + ".csv", delimiter=",", skiprows=1)
    return cells[:, :-1], cells[:, -1].astype(int)


def independent(x):
    """Columns that are no combination of the intercept and earlier ones."""
    kept, basis = [], [np.ones(len(x)) / np.sqrt(len(x))]
    for j in range(x.shape[1]):
        v = x[:, j] / np.linalg.norm(x[:, j] - x[:, j].mean())
        for _ in range(2):
            for b in basis:
                v = v - b * (b @ v)
        if np.linalg.norm(v) > 1e-8:
            kept.append(j)
            basis.append(v / np.linalg.norm(v))
    return kept


def softmax_newton(x, y, w, classes, l2, standardize):
    """K-1 rows against class 0; returns rows on the original scale and their covariance pieces."""
    n, p = x.shape
    mean, scale = x.mean(0), x.std(0)
    z = np.hstack([np.ones((n, 1)), (x - mean) / scale])
    d = p + 1
    rows = classes - 1
    theta = np.zeros((rows, d))
    penalty = np.zeros(d)
    penalty[1:] = l2 if standardize else l2 / scale ** 2
    shape = np.eye(rows) - np.ones((rows, rows)) / classes
    # the penalty's square root, as extra rows of a least-squares problem
    root = np.kron(np.linalg.cholesky(shape).T, np.diag(np.sqrt(penalty)))

    def probabilities(t):
        eta = np.hstack([np.zeros((n, 1)), z @ t.T])
        eta -= eta.max(1, keepdims=True)
        e = np.exp(eta)
        return e / e.sum(1, keepdims=True), eta - np.log(e.sum(1, keepdims=True))

    def objective(t):
        log_p = probabilities(t)[1]
        return -(w * log_p[np.arange(n), y]).sum() + 0.5 * np.sum((root @ t.ravel()) ** 2)

    def pieces(t):
        prob = probabilities(t)[0]
        target = np.eye(classes)[y]
        residual = (prob - target)[:, 1:] * w[:, None]
        gradient = np.einsum("nk,nj->kj", residual, z).ravel() + root.T @ (root @ t.ravel())
        # rows whose Gram matrix is the Hessian: sqrt(w p_k) (e_k - p) for each class k
        stack = [root]
        for k in range(classes):
            direction = -prob[:, 1:].copy()
            if k > 0:
                direction[:, k - 1] += 1
            direction *= np.sqrt(w * prob[:, k])[:, None]
            stack.append(np.einsum("nk,nj->nkj", direction, z).reshape(n, -1))
        r = np.linalg.qr(np.vstack(stack), mode="r")
        return gradient, r, residual

    for _ in range(200):
        gradient, r, _ = pieces(theta)
        step = np.linalg.solve(r, np.linalg.solve(r.T, -gradient)).reshape(theta.shape)
        t = 1.0
        while objective(theta + t * step) > objective(theta) + 1e-12 * abs(objective(theta)) and t > 1e-10:
            t /= 2
        theta = theta + t * step
        if np.abs(step).max() < 1e-14 * max(1, np.abs(theta).max()):
            break
    gradient, r, residual = pieces(theta)
    back = np.zeros((d, d))  # original = back @ encoded
    back[0, 0] = 1
    for j in range(p):
        back[1 + j, 1 + j] = 1 / scale[j]
        back[0, 1 + j] = -mean[j] / scale[j]
    full = np.kron(np.eye(rows), back)
    half = np.linalg.solve(r.T, full.T)
    classic = np.sqrt((half ** 2).sum(0)).reshape(rows, d)
    scores = np.einsum("nk,nj->nkj", residual, z).reshape(n, -1)
    bread = np.linalg.solve(r, half)
    sandwich = scores @ bread
    kept = rows * d
    robust = np.sqrt((sandwich ** 2).sum(0) * n / (n - kept)).reshape(rows, d)
    return theta @ back.T, classic, robust


def write(name, rows, errors):
    with open(DATA + name + "_expected.csv", "w") as out:
        out.write("estimate,std_error\n")
        for b, s in zip(rows.ravel(), errors.ravel()):
            out.write("%.17g,%.17g\n" % (b, s))


def spread(rows, kept, p):
    """Put rows for the kept columns among p columns, NaN elsewhere."""
    full = np.full((rows.shape[0], p + 1), np.nan)
    full[:, 0] = rows[:, 0]
    full[:, [1 + j for j in kept]] = rows[:, 1:]
    return full


def run(name, source, classes, l2=0.0, standardize=True, weights=None, symmetric=False):
    x, y = load(source)
    w = np.ones(len(x)) if weights is None else weights(len(x))
    kept = independent(x) if l2 == 0 else [j for j in range(x.shape[1]) if x[:, j].std() > 0]
    rows, classic, robust = softmax_newton(x[:, kept], y, w, classes, l2 if classes > 2 else 2 * l2, standardize)
    errors = robust if weights is not None else classic
    if symmetric:
        rows = np.vstack([np.zeros(rows.shape[1]), rows])
        rows -= rows.mean(0)
        errors = np.full(rows.shape, np.nan)
    elif l2 > 0:
        errors = np.full(rows.shape, np.nan)
    write(name, spread(rows, kept, x.shape[1]), spread(errors, kept, x.shape[1]))
    return x, y, kept, rows, classic


def compare():
    import statsmodels.api as sm
    from sklearn.linear_model import LogisticRegression
    x, y, kept, rows, classic = run("logistic_iris", "iris_two", 2)
    fit = sm.Logit(y, sm.add_constant(x)).fit(method="newton", maxiter=100, tol=1e-14, disp=0)
    print("iris Logit", np.abs(fit.params - rows[0]).max(), np.abs(fit.bse - classic[0]).max())
    x, y, kept, rows, classic = run("multinomial_wine", "wine_three", 3)
    fit = sm.MNLogit(y, sm.add_constant(x)).fit(method="newton", maxiter=100, tol=1e-14, disp=0)
    print("wine MNLogit", np.abs(fit.params.T - rows).max(), np.abs(fit.bse.T - classic).max())
    x, y, kept, rows, _ = run("logistic_german_l2", "german_credit_numeric", 2, l2=2.0, standardize=False)
    fit = LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-13, max_iter=1000).fit(x[:, kept], y)
    print("german C=0.5", np.abs(fit.coef_ - rows[:, 1:]).max())
    x, y, kept, rows, _ = run("multinomial_wine_l2", "wine_numeric", 3, l2=1.0, standardize=False, symmetric=True)
    fit = LogisticRegression(C=1.0, solver="newton-cg", tol=1e-13, max_iter=100000).fit(x[:, kept], y)
    print("wine C=1", np.abs(fit.coef_ - rows[:, 1:]).max())


if __name__ == "__main__":
    run("logistic_iris", "iris_two", 2)
    run("logistic_mammography", "mammography_quarter", 2)
    run("logistic_german", "german_credit_numeric", 2)
    run("logistic_german_l2", "german_credit_numeric", 2, l2=2.0, standardize=False)
    run("logistic_breast_l2", "breast_cancer_numeric", 2, l2=1.0)
    run("logistic_german_robust", "german_credit_numeric", 2, weights=lambda n: 0.5 + np.arange(n) % 4)
    run("multinomial_wine", "wine_three", 3)
    run("multinomial_wine_robust", "wine_three", 3, weights=lambda n: 0.5 + np.arange(n) % 4)
    run("multinomial_wine_l2", "wine_numeric", 3, l2=1.0, standardize=False, symmetric=True)
    run("multinomial_digits_l2", "digits_numeric", 10, l2=10.0, symmetric=True)
    if "compare" in sys.argv:
        compare()
