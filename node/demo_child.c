/* SPDX-License-Identifier: Apache-2.0 */
/* fork, exec and wait for the demo. Knows nothing of nodes. */
#include "demo_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes at the end of a log that are quoted. */
enum { QUOTE_BYTES = 1500 };

void weft_demo_command_begin(struct weft_demo_command *command, const char *word)
{
    memset(command, 0, sizeof(*command));
    weft_demo_command_add(command, "weft");
    weft_demo_command_add(command, "%s", word);
}

void weft_demo_command_add(struct weft_demo_command *command, const char *format, ...)
{
    size_t room = sizeof(command->text) - command->used;
    char *at = command->text + command->used;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(at, room, format, values);
    va_end(values);
    if (length < 0 || (size_t)length >= room || command->count == WEFT_DEMO_ARGUMENTS_MAX) {
        command->cut = true;
        return;
    }
    command->arguments[command->count++] = at;
    command->used += (size_t)length + 1;
}

/* In the child: signals as a fresh program expects them, no terminal input, output to the log. */
static void become(struct weft_demo_command *command, const char *log, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    /* Ctrl-C goes to the terminal's foreground group: the demo alone decides when nodes end. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int input = open("/dev/null", O_RDONLY);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (getppid() != parent || input < 0 || output < 0) {
        _exit(127);
    }
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(input);
    close(output);
    execv("/proc/self/exe", command->arguments);
    _exit(127);
}

bool weft_demo_child_start(struct weft_demo_child *child, struct weft_demo_command *command,
                           const char *log)
{
    memset(child, 0, sizeof(*child));
    if (command->cut) {
        errno = E2BIG;
        return false;
    }
    snprintf(child->log, sizeof(child->log), "%s", log);
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        become(command, child->log, parent);
    }
    child->pid = pid > 0 ? pid : 0;
    return pid > 0;
}

bool weft_demo_child_runs(struct weft_demo_child *child)
{
    int status;
    if (child->pid == 0) {
        return false;
    }
    pid_t pid = waitpid(child->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) {
        return true;
    }
    child->pid = 0;
    child->ended = true;
    child->exit_code = pid < 0               ? 127
                       : WIFEXITED(status)   ? WEXITSTATUS(status)
                       : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                             : 127;
    return false;
}

void weft_demo_child_signal(struct weft_demo_child *child, int number)
{
    /* Asking first reaps it: a pid that is not reaped cannot belong to anybody else. */
    if (weft_demo_child_runs(child)) {
        kill(child->pid, number);
    }
}

void weft_demo_child_quote(const struct weft_demo_child *child)
{
    char line[512];
    FILE *log = fopen(child->log, "re");
    if (log == NULL) {
        return;
    }
    if (fseek(log, -QUOTE_BYTES, SEEK_END) == 0 && fgets(line, sizeof(line), log) == NULL) {
        rewind(log);
    }
    while (fgets(line, sizeof(line), log) != NULL) {
        fprintf(stderr, "    %s%s", line, strchr(line, '\n') != NULL ? "" : "\n");
    }
    fclose(log);
}
