import { flag, integer, nullable, object, text } from '../schema/schema.ts';

export const tracking = object('Recording outside the run folder.', {
  log_every: integer({ default: 10, examples: [50], minimum: 1, description: 'Training steps between two entries of the journal.' }),
  mlflow: nullable(
    object('Send the run to an MLflow server; null: do not.', {
      uri: text({
        default: 'env',
        pattern: '^(env|https?://[^@\\s?#]+)$',
        patternErrorMessage:
          'env, for the variable MLFLOW_TRACKING_URI, or an http(s) address without user and password, and without parameters ' +
          'behind a ? or # (a database or a folder needs a server: "mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri ' +
          '<database or folder>", before it MLFLOW_ALLOW_FILE_STORE=true for a folder)',
        examples: ['http://127.0.0.1:5000'],
        description: 'Address of the server; env: the variable MLFLOW_TRACKING_URI.',
      }),
      experiment: nullable(
        text({
          examples: ['tweets'],
          description:
            'Name of the experiment on the server; null: the variable MLFLOW_EXPERIMENT_NAME, else the common name of a sweep or ' +
            'of several experiments of one command, else the name of this experiment.',
        }),
      ),
      log_models: flag({ default: false, description: 'Also send the models of the folds.' }),
    }),
  ),
});
