// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the test objects of the models floor in one program.
#include "tests/models/tst_film.h"
#include "tests/models/tst_models.h"
#include "tests/models/tst_run_history.h"

#include <QCoreApplication>
#include <QTest>

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    int failed = 0;
    pathloom::TestRunHistory history;
    failed += QTest::qExec(&history, argc, argv);
    pathloom::TestModels models;
    failed += QTest::qExec(&models, argc, argv);
    pathloom::TestFilmModels film;
    failed += QTest::qExec(&film, argc, argv);
    return failed;
}
